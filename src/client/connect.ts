/** The connection to Temporal: from the environment, or as the caller says. */
import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { InvalidRequest } from './errors.ts';
import { TemporalCalls, unreachable } from './temporal-calls.ts';
import type { AnswerTimes } from './temporal-calls.ts';

export type TemporalOptions = Pick<ConnectionOptions, 'tls' | 'apiKey' | 'metadata'> & {
  /** `host:port`. With it nothing is taken from the environment: its credentials belong to its own server. */
  address: string;
  /** Default: `default`. */
  namespace?: string;
};

const connectTimeoutMs = 5_000;
const longestReconnectPauseMs = 2_000;

/** Throws `TemporalUnreachable`, or `InvalidRequest` when the environment or its profile is not valid. */
export async function connectTemporal(
  given: TemporalOptions | undefined,
  times: AnswerTimes,
): Promise<TemporalCalls> {
  const { namespace = 'default', ...options } = given ?? fromEnvironment();
  const connection = Connection.lazy({
    ...options,
    connectTimeout: connectTimeoutMs,
    // After an outage gRPC would otherwise wait up to two minutes before it looks again.
    channelArgs: { 'grpc.max_reconnect_backoff_ms': longestReconnectPauseMs },
    // Repeats are `TemporalCalls`' alone: the SDK's own go on past a deadline.
    interceptors: [],
  });
  try {
    await connection.ensureConnected();
  } catch (error) {
    await connection.close();
    throw unreachable(connection.options.address, error);
  }
  return new TemporalCalls({ client: new Client({ connection, namespace }), connection, times });
}

function fromEnvironment(): ConnectionOptions & { namespace?: string } {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    return { ...connectionOptions, ...(namespace === undefined ? {} : { namespace }) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidRequest(
      `Temporal's settings in the environment or in temporal.toml are not valid: ${why}`,
    );
  }
}
