/** A Temporal server that is there already, named by the environment or by a profile of temporal.toml. */
import { status } from '@grpc/grpc-js';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Connection, isGrpcServiceError, type ConnectionOptions } from '@temporalio/client';
import type { Environment } from '../processes/guarded-child.ts';
import { firstLine } from './binary.ts';
import { TemporalUnreachable } from './errors.ts';
import { ensureSearchAttributes } from './search-attributes.ts';

const answerTimeoutMs = 5_000;

/** How to reach a server; fits the client's `Connection` and the worker's `NativeConnection`. */
type TemporalConnectionOptions = Pick<ConnectionOptions, 'tls' | 'apiKey' | 'metadata'> & {
  address: string;
};

export type TemporalTarget = { connectionOptions: TemporalConnectionOptions; namespace: string };

/**
 * The server that TEMPORAL_ADDRESS or the profile (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE) names, or null. Nothing is
 * called yet. Throws when the file or its values are not valid.
 */
export function existingServer(environment: Environment): TemporalTarget | null {
  const given = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const { connectionOptions, namespace } = loadClientConnectConfig({
    overrideEnvVars: Object.fromEntries(given),
  });
  const { address, tls, apiKey, metadata } = connectionOptions;
  if (address === undefined || address === '') return null;
  return {
    connectionOptions: {
      address,
      ...(tls !== undefined && { tls }),
      ...(apiKey !== undefined && { apiKey }),
      ...(metadata !== undefined && { metadata }),
    },
    namespace: namespace ?? 'default',
  };
}

/**
 * Asks the server whether it knows the namespace, and registers the search attributes it lacks. Throws
 * `TemporalUnreachable` or `SearchAttributesMissing`.
 */
export async function prepareExistingServer(
  target: TemporalTarget,
  log: (line: string) => void,
): Promise<void> {
  const { connectionOptions, namespace } = target;
  const connection = Connection.lazy(connectionOptions);
  try {
    await connection.withDeadline(Date.now() + answerTimeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    await ensureSearchAttributes({ connection, namespace, log });
  } catch (error) {
    if (error instanceof Error && error.name === 'SearchAttributesMissing') throw error;
    throw new TemporalUnreachable(connectionOptions.address, reasonOf(error));
  } finally {
    await connection.close();
  }
}

/** gRPC's own words for a deadline are about its filters. */
function reasonOf(error: unknown): string {
  const isDeadline = isGrpcServiceError(error) && error.code === status.DEADLINE_EXCEEDED;
  return isDeadline ? `nothing came within ${answerTimeoutMs / 1_000} s` : firstLine(error);
}
