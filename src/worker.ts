/** The worker: reads the configuration, builds the adapters, runs workflows and activities until it is told to stop. */
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createBaseImageSource } from './activities/base-image.ts';
import { CredentialVault } from './activities/credentials.ts';
import { createActivities } from './activities/index.ts';
import { createModalProvider } from './sandbox/modal-provider.ts';
import { loadSealingKeys } from './sealing-keys.ts';
import { openStore } from './store/open-store.ts';
import { bundleSupervisor } from './supervisor-bundle.ts';
import { connectionError, explain } from './worker-errors.ts';
import { LogRedaction, installRuntime, secretsOf } from './worker-log.ts';
import { readWorkerSettings } from './worker-settings.ts';
import { workflowSource } from './workflow-bundle.ts';

/** Enough for every session of a large worker: a turn holds its slot for hours and costs next to nothing meanwhile. */
const activitySlots = 1_000;

const redaction = new LogRedaction();

async function main(): Promise<void> {
  const { config, modal, temporal } = readWorkerSettings();
  await using opened = new AsyncDisposableStack();
  const store = opened.use(await openStore({ dataDirectory: config.dataDirectory }));
  const keys = loadSealingKeys({ configured: config.sealingKeys, dataDirectory: config.dataDirectory });
  const vault = new CredentialVault({
    grants: config.grants,
    variables: config.credentialVariables,
    keys,
  });
  redaction.learn({
    values: secretsOf({ config, keys, temporal: temporal.connectionOptions }),
    openedIn: (text) => vault.openedIn(text),
  });
  installRuntime({ logLevel: config.logLevel, redact: redaction.text });
  const connection = await NativeConnection.connect(temporal.connectionOptions).catch((error: unknown) => {
    throw connectionError(error, temporal.connectionOptions.address);
  });
  opened.defer(async () => connection.close());
  const log = (message: string, attributes?: Record<string, unknown>): void =>
    Runtime.instance().logger.info(message, attributes);
  const provider = createModalProvider({ ...modal, log });
  opened.defer(async () => provider.close());
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace ?? 'default',
    taskQueue: config.taskQueue,
    ...workflowSource(config.workflowBundle),
    activities: createActivities({
      store,
      provider,
      vault,
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
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${redaction.text(explain(error))}\n`);
  process.exitCode = 1;
}
