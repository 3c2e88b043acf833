/** The worker: reads the configuration, builds the adapters, runs workflows and activities until it is told to stop. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createBaseImageSource } from './activities/base-image.ts';
import { CredentialVault } from './activities/credentials.ts';
import { createActivities } from './activities/index.ts';
import { InvalidConfiguration, readConfig } from './config.ts';
import type { Config } from './config.ts';
import { createModalProvider } from './sandbox/modal-provider.ts';
import type { ModalProviderOptions } from './sandbox/modal-provider.ts';
import { loadSealingKeys } from './sealing-keys.ts';
import { createRedactor } from './secrets/redaction.ts';
import { InvalidSealingKeys } from './secrets/sealing.ts';
import { StoreCorrupted, StoreNotWritable, StoreTooNew } from './store/errors.ts';
import { openStore } from './store/open-store.ts';
import { bundleSupervisor } from './supervisor/bundle.ts';

/** Enough for every session of a large worker: a turn holds its slot for hours and costs next to nothing meanwhile. */
const activitySlots = 1_000;

async function main(): Promise<void> {
  const config = readConfig();
  installRuntime(config);
  const temporal = loadClientConnectConfig();
  const connection = await NativeConnection.connect(temporal.connectionOptions);
  await using store = await openStore({ dataDirectory: config.dataDirectory });
  const log = (message: string, attributes?: Record<string, unknown>): void =>
    Runtime.instance().logger.info(message, attributes);
  const provider = createModalProvider({ ...modalOptions(config), log });
  try {
    const worker = await Worker.create({
      connection,
      namespace: temporal.namespace ?? 'default',
      taskQueue: config.taskQueue,
      workflowsPath: workflowsPath(),
      activities: createActivities({
        store,
        provider,
        vault: new CredentialVault({
          variables: config.credentialVariables,
          keys: loadSealingKeys({ configured: config.sealingKeys, dataDirectory: config.dataDirectory }),
        }),
        supervisor: await bundleSupervisor(),
        modelUrl: config.modelUrl,
        baseImage: createBaseImageSource({ store, provider, log }),
        log,
      }),
      maxConcurrentActivityTaskExecutions: activitySlots,
      // Measured (docs/adr/0005-temporal-settings.md): each of these is what a killed worker or server costs.
      maxHeartbeatThrottleInterval: '1s',
      stickyQueueScheduleToStartTimeout: '1s',
      shutdownGraceTime: 0,
    });
    await worker.run();
  } finally {
    await provider.close();
    await connection.close();
  }
}

function modalOptions(config: Config): Omit<ModalProviderOptions, 'log'> {
  const { credentials, ...modal } = config.modal;
  if (credentials === undefined) {
    throw new InvalidConfiguration(
      'MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are not set: a worker needs them (any value will do for the local emulator)',
    );
  }
  return { ...modal, credentials };
}

/** Everything that is logged passes the redactor (I8). */
function installRuntime(config: Config): void {
  const redactor = createRedactor({ values: config.credentialVariables.values() });
  const logger = new DefaultLogger(logLevels[config.logLevel], (entry) => {
    const line = {
      at: new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString(),
      level: entry.level,
      message: entry.message,
      ...entry.meta,
    };
    process.stderr.write(`${redactor.text(JSON.stringify(line, errorsToo))}\n`);
  });
  Runtime.install({ logger });
}

/** An error's own fields are not enumerable: JSON would show `{}`. */
function errorsToo(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    stack: value.stack,
    ...(value.cause === undefined ? {} : { cause: value.cause }),
  };
}

const logLevels = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;

function workflowsPath(): string {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./workflows/index.${extension}`, import.meta.url).pathname;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}

/** One sentence for what its user can mend; a defect keeps its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TransportError') return `Temporal cannot be reached: ${error.message}`;
  const expected = [InvalidConfiguration, InvalidSealingKeys, StoreCorrupted, StoreTooNew, StoreNotWritable];
  return expected.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
