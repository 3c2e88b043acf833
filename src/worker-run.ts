/** The worker as a composition root: reads the configuration, builds the adapters, runs workflows and activities until it is told to stop. */
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { createBaseImageSource } from './activities/base-image.ts';
import { CredentialVault } from './activities/credentials.ts';
import type { ActivityDeps } from './activities/deps.ts';
import { createActivities, createReaperActivities, createRefreshActivities } from './activities/index.ts';
import type { Config } from './config.ts';
import { buildWorkflowId } from './contracts/ids.ts';
import { buildWorkflowType } from './contracts/names.ts';
import { createModalProvider } from './sandbox/modal-provider.ts';
import { loadSealingKeys } from './sealing-keys.ts';
import { openStore } from './store/open-store.ts';
import { bundleSupervisor } from './supervisor-bundle.ts';
import { connectionError, explain } from './worker-errors.ts';
import { LogRedaction, installRuntime, secretsOf } from './worker-log.ts';
import { lookUpSession } from './worker-reaper.ts';
import { ensureSchedule, reaperSchedule, refreshSchedule } from './worker-schedules.ts';
import { readWorkerSettings } from './worker-settings.ts';
import { workflowSource } from './workflow-bundle.ts';

/** Enough for every session of a large worker: a turn holds its slot for hours and costs next to nothing meanwhile. */
const activitySlots = 1_000;

const redaction = new LogRedaction();

/** What a worker may be given beside its configuration: whoever watches activities from outside wraps them. */
export type WorkerExtras = Pick<WorkerOptions, 'interceptors'>;

/** Returns when the worker ended. A worker that cannot start says what to mend, and leaves exit code 1. */
export async function runWorker(extra: WorkerExtras = {}): Promise<void> {
  try {
    await main(extra);
  } catch (error) {
    process.stderr.write(`${redaction.text(explain(error))}\n`);
    process.exitCode = 1;
  }
}

async function main(extra: WorkerExtras): Promise<void> {
  const { config, modal, temporal, versioning } = readWorkerSettings();
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
  const provider = createModalProvider({ ...modal, log });
  opened.defer(async () => provider.close());
  const namespace = temporal.namespace ?? 'default';
  const client = new Client({ connection, namespace });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: config.taskQueue,
    ...workflowSource(config.workflowBundle),
    ...versioning,
    activities: await activitiesOf({ store, provider, vault }, client, config),
    maxConcurrentActivityTaskExecutions: activitySlots,
    // Measured (docs/adr/0005-temporal-settings.md): each of these is what a killed worker or server costs.
    maxHeartbeatThrottleInterval: '1s',
    stickyQueueScheduleToStartTimeout: '1s',
    shutdownGraceTime: 0,
    ...extra,
  });
  const scheduling = makeSchedules(client, config);
  await worker.run();
  await scheduling;
}

type Ports = Pick<ActivityDeps, 'store' | 'provider' | 'vault'>;

async function activitiesOf(ports: Ports, client: Client, config: Config): Promise<object> {
  const { taskQueue, modelUrl, reaper } = config;
  const deps: ActivityDeps = {
    ...ports,
    supervisor: await bundleSupervisor(),
    modelUrl,
    baseImage: createBaseImageSource({ ...ports, log }),
    requestBuild: async (setId) => requestBuild(client, { setId, taskQueue }),
    log,
  };
  return {
    ...createActivities(deps),
    ...createRefreshActivities(deps, redaction.text),
    ...createReaperActivities({
      ...ports,
      lookUpSession: async (sessionId) => lookUpSession(client, sessionId),
      graceSeconds: reaper.graceSeconds,
      redact: redaction.text,
      log,
    }),
  };
}

/** Beside the worker's start: a worker works without them. */
async function makeSchedules(client: Client, config: Config): Promise<void> {
  const { taskQueue, reaper, refreshIntervalSeconds } = config;
  const schedules = [
    reaperSchedule({ taskQueue, ...reaper }),
    refreshSchedule({ taskQueue, intervalSeconds: refreshIntervalSeconds }),
  ];
  for (const schedule of schedules) {
    const { scheduleId, staticSummary } = schedule;
    await ensureSchedule(client, schedule).catch((error: unknown) =>
      log(`there is no schedule ${scheduleId}, which ${staticSummary}`, { cause: String(error) }),
    );
  }
}

/** One build of a set at a time: where one runs, that one is enough. */
async function requestBuild(
  client: Client,
  { setId, taskQueue }: { setId: string; taskQueue: string },
): Promise<void> {
  await client.workflow.start(buildWorkflowType, {
    workflowId: buildWorkflowId(setId),
    taskQueue,
    args: [{ setId }],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowTaskTimeout: '5s',
    staticSummary: `image of ${setId}`,
  });
}

function log(message: string, attributes?: Record<string, unknown>): void {
  Runtime.instance().logger.info(message, attributes);
}
