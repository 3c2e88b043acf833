/** What a worker is told from outside, checked as a whole before it touches anything. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { WorkerOptions } from '@temporalio/worker';
import { InvalidConfiguration, readConfig } from './config.ts';
import type { Config } from './config.ts';
import type { ModalProviderOptions } from './sandbox/modal-provider.ts';
import { credentialVariables, modalSecrets } from './secrets/credential-grants.ts';

export type WorkerSettings = {
  config: Config;
  modal: Omit<ModalProviderOptions, 'log'>;
  temporal: ReturnType<typeof loadClientConnectConfig>;
  versioning: Pick<WorkerOptions, 'workerDeploymentOptions'>;
};

/** Throws `InvalidConfiguration`, which names what to mend. */
export function readWorkerSettings(): WorkerSettings {
  const config = readConfig();
  refuseLoopbackInCloud(config);
  return {
    config,
    modal: modalOptions(config),
    temporal: temporalSettings(),
    versioning: versioning(config),
  };
}

function modalOptions(config: Config): WorkerSettings['modal'] {
  const { credentials, ...modal } = config.modal;
  if (credentials === undefined) {
    throw new InvalidConfiguration(
      'MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are not set: a worker needs them (any value will do for the local emulator)',
    );
  }
  return { ...modal, credentials };
}

/** Sessions move to the newest build at their next step (docs/adr/0011-workflow-changes.md). */
function versioning({ version }: Config): WorkerSettings['versioning'] {
  if (version === undefined) return {};
  const defaultVersioningBehavior = 'AUTO_UPGRADE';
  return { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior } };
}

/** Only beside the local emulator is loopback the worker's own. */
function refuseLoopbackInCloud({ grants, modal }: Config): void {
  if (modal.serverUrl !== undefined) return;
  for (const [{ setting }, { loopbackOrigin }] of [
    [credentialVariables, grants.variables],
    [modalSecrets, grants.modalSecrets],
  ] as const) {
    if (loopbackOrigin === undefined) continue;
    throw new InvalidConfiguration(
      `environment variable ${setting}: cannot name ${new URL(loopbackOrigin).host} without MODAL_SERVER_URL: in Modal's cloud that is the sandbox itself, where the agent would get the credential`,
    );
  }
}

function temporalSettings(): WorkerSettings['temporal'] {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidConfiguration(
      `Temporal's settings in the environment or in temporal.toml are not valid: ${why}`,
    );
  }
}
