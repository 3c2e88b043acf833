/** `npm run dev`: the embedded stack and a worker, until Ctrl-C. */
import { dirname } from 'node:path';
import { inheritedEnvironment, readConfig } from '../config.ts';
import { startStack, type Stack } from './stack/stack.ts';
import { stopRequest } from './processes/stop-request.ts';
import { startWorkerProcess } from './stack/worker-process.ts';
import { isFree } from './temporal/ports.ts';

const startedMs = performance.now();
const log = (line: string) =>
  console.log(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s  ${line}`);

/** Those that Temporal's own tools expect when nothing else is said. */
const usualPorts = { grpc: 7233, ui: 8233 } as const;

async function main(): Promise<void> {
  const config = readConfig();
  const stopped = stopRequest();
  const starting = startStack({
    cacheDirectory: config.cacheDirectory,
    dataDirectory: config.dataDirectory,
    environment: inheritedEnvironment(),
    modalCredentials: config.modal.credentials,
    modalEnvironment: config.modal.environment,
    modalAppName: config.modal.appName,
    hasClaudeCredential: config.claudeCredential !== undefined,
    temporalPort: await whenFree(usualPorts.grpc),
    temporalUiPort: await whenFree(usualPorts.ui),
    log,
  });
  const stack = await Promise.race([starting, stopped.then(() => null)]);
  // What has started so far dies with this process.
  if (stack === null) process.exit(130);
  try {
    const worker = await startWorkerProcess({
      environment: {
        ...inheritedEnvironment(),
        ...stack.workerEnvironment,
        HARVEST_DATA_DIR: config.dataDirectory,
      },
      logDirectory: stack.logDirectory,
    });
    try {
      describe(stack, config.taskQueue);
      const reason = await Promise.race([stopped, worker.ended]);
      log(`${reason}; stopping`);
    } finally {
      await worker.stop();
    }
  } finally {
    await stack.close();
  }
}

async function whenFree(port: number): Promise<number | undefined> {
  return (await isFree(port, '127.0.0.1')) ? port : undefined;
}

function describe({ temporal, modal, scriptedModel, logDirectory }: Stack, taskQueue: string): void {
  const { address } = temporal.connectionOptions;
  const cli =
    temporal.binary === null || temporal.binary.from === 'path' ? null : dirname(temporal.binary.path);
  console.log(`
Harvest runs. Ctrl-C ends it.
  Temporal     ${address}, namespace ${temporal.namespace}, task queue ${taskQueue}
  Temporal UI  ${temporal.uiUrl ?? 'that of the existing server'}
  Modal        ${modal.serverUrl === undefined ? "Modal's cloud" : `local emulator at ${modal.serverUrl}`}
  Agent        ${scriptedModel === null ? 'real Claude' : 'a scripted model answers; set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY for a real one'}
  Logs         ${logDirectory}

For another terminal:
  export TEMPORAL_ADDRESS=${address} TEMPORAL_NAMESPACE=${temporal.namespace}${cli === null ? '' : ` PATH=${cli}:$PATH`}
  temporal workflow list`);
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
