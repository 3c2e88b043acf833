/** The Temporal server of the stack: an existing one that the environment names, else our own. */
import { join } from 'node:path';
import { acquireTemporalBinary, type TemporalBinary } from '../temporal/acquire.ts';
import { existingServer, prepareExistingServer, type TemporalTarget } from '../temporal/existing-server.ts';
import { startTemporalServer, type TemporalServer } from '../temporal/server.ts';
import type { Environment } from '../processes/guarded-child.ts';

export type StackTemporal = TemporalTarget & {
  /** Null for an existing server, whose UI we do not know. */
  uiUrl: string | null;
  /** Null for an existing server. Tests kill and restart it. */
  server: TemporalServer | null;
  /** The CLI that runs it; null for an existing server. */
  binary: TemporalBinary | null;
  stop(): Promise<void>;
};

export async function openTemporal(options: {
  cacheDirectory: string;
  dataDirectory: string;
  logDirectory: string;
  environment: Environment;
  port?: number | undefined;
  uiPort?: number | undefined;
  log: (line: string) => void;
}): Promise<StackTemporal> {
  const { cacheDirectory, dataDirectory, logDirectory, environment, port, uiPort, log } = options;
  const target = existingServer(environment);
  if (target !== null) {
    const { address } = target.connectionOptions;
    log(`using the existing Temporal server at ${address}, namespace ${target.namespace}`);
    await prepareExistingServer(target, log);
    return { ...target, uiUrl: null, server: null, binary: null, stop: () => Promise.resolve() };
  }
  const binary = await acquireTemporalBinary({ cacheDirectory, environment, log });
  log(`starting the Temporal server (${binary.version}, ${binary.path}); a few seconds`);
  const server = await startTemporalServer({
    binary,
    databaseFile: join(dataDirectory, 'temporal.sqlite'),
    logFile: join(logDirectory, 'temporal.log'),
    environment,
    ...(port !== undefined && { port }),
    ...(uiPort !== undefined && { uiPort }),
    log,
  });
  return {
    connectionOptions: { address: server.address },
    namespace: server.namespace,
    uiUrl: server.uiUrl,
    server,
    binary,
    stop: () => server.stop(),
  };
}
