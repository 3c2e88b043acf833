/** The worker: reads the configuration, builds the adapters, runs workflows and activities until it is told to stop. */
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
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
import { bundleSupervisor } from './supervisor-bundle.ts';
import { createLogRedactor, installRuntime, secretsOf } from './worker-log.ts';

/** Enough for every session of a large worker: a turn holds its slot for hours and costs next to nothing meanwhile. */
const activitySlots = 1_000;

const shapesOnly = createRedactor({ values: [] });
/** What is said before the secrets are read passes the shapes alone. */
let redact = (text: string): string => shapesOnly.text(text);

async function main(): Promise<void> {
  const config = readConfig();
  const grants = grantsOf(config);
  const modal = modalOptions(config);
  const temporal = temporalSettings();
  await using opened = new AsyncDisposableStack();
  const store = opened.use(await openStore({ dataDirectory: config.dataDirectory }));
  const keys = loadSealingKeys({ configured: config.sealingKeys, dataDirectory: config.dataDirectory });
  const vault = new CredentialVault({ grants, variables: config.credentialVariables, keys });
  const values = secretsOf({ config, keys, temporalApiKey: temporal.connectionOptions.apiKey });
  redact = createLogRedactor({ values, openedIn: (text) => vault.openedIn(text) });
  installRuntime({ logLevel: config.logLevel, redact });
  const connection = await NativeConnection.connect(temporal.connectionOptions).catch((error: unknown) => {
    throw isTransportError(error) ? new TemporalUnreachable(temporal.connectionOptions.address) : error;
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
    workflowsPath: workflowsPath(),
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

function modalOptions(config: Config): Omit<ModalProviderOptions, 'log'> {
  const { credentials, ...modal } = config.modal;
  if (credentials === undefined) {
    throw new InvalidConfiguration(
      'MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are not set: a worker needs them (any value will do for the local emulator)',
    );
  }
  return { ...modal, credentials };
}

function grantsOf({ grants, modal }: Config): Config['grants'] {
  const origin = grants.variables.loopbackOrigin ?? grants.modalSecrets.loopbackOrigin;
  if (origin === undefined || modal.serverUrl !== undefined) return grants;
  throw new InvalidConfiguration(
    `HARVEST_CREDENTIAL_VARIABLES and HARVEST_MODAL_SECRETS cannot name ${new URL(origin).host} without MODAL_SERVER_URL: in Modal's cloud that is the sandbox itself, where the agent would get the credential`,
  );
}

function temporalSettings(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidConfiguration(
      `Temporal's settings in the environment or in temporal.toml are not valid: ${why}`,
    );
  }
}

/** The native part's own error, told by its name: the SDK exports the class for its own use only. */
function isTransportError(error: unknown): boolean {
  return error instanceof Error && error.name === 'TransportError';
}

class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
  constructor(address = '127.0.0.1:7233') {
    super(
      `The Temporal server at ${address} does not answer: start it, or name another one by TEMPORAL_ADDRESS or a profile of temporal.toml.`,
    );
  }
}

function workflowsPath(): string {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./workflows/index.${extension}`, import.meta.url));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${redact(explain(error))}\n`);
  process.exitCode = 1;
}

/** One sentence for what its user can mend; a defect keeps its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = [
    InvalidConfiguration,
    InvalidSealingKeys,
    StoreCorrupted,
    StoreTooNew,
    StoreNotWritable,
    TemporalUnreachable,
  ];
  return expected.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
