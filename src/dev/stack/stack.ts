/**
 * The embedded stack: everything Harvest needs to run on one machine. Data of its own per stack, caches shared by all.
 * Everything that was started ends with `close`, in reverse order, and dies with this process, however that ends.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModalCredentials } from '../../sandbox/modal-client.ts';
import { tryLock } from '../processes/file-lock.ts';
import type { Environment } from '../processes/guarded-child.ts';
import { openModal, type StackModal } from './modal.ts';
import { startScriptedModelProcess, type ScriptedModelProcess } from './scripted-model.ts';
import { openTemporal, type StackTemporal } from './temporal.ts';

export type StackOptions = {
  /** What can be had again and is shared: the Temporal binary, the Debian root, the base image. */
  cacheDirectory: string;
  /** This stack's own: Temporal's database, the emulator's state, logs. One stack at a time uses it. */
  dataDirectory: string;
  /** Of the child processes (PATH, HOME, proxies), and TEMPORAL_ADDRESS and its like for an existing server. */
  environment: Environment;
  /** Modal's cloud instead of the emulator. */
  modalCredentials?: ModalCredentials | undefined;
  modalEnvironment?: string | undefined;
  modalAppName?: string | undefined;
  /** With a credential for the real model no scripted one is started. */
  hasClaudeCredential: boolean;
  /** Free ports by default. */
  temporalPort?: number | undefined;
  temporalUiPort?: number | undefined;
  /** Says what is done and how long it may take, a line at a time. */
  log: (line: string) => void;
};

export type Stack = {
  temporal: StackTemporal;
  modal: StackModal;
  /** Null when there is a credential for the real model. */
  scriptedModel: ScriptedModelProcess | null;
  logDirectory: string;
  /** The variables of a worker on this stack, to be added to its environment. */
  workerEnvironment: Record<string, string>;
  close(): Promise<void>;
};

/** Another stack uses the data directory. */
export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse';
  readonly directory: string;
  constructor(directory: string) {
    super(`another Harvest stack uses ${directory}: end it, or choose another directory by HARVEST_DATA_DIR`);
    this.directory = directory;
  }
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDirectory } = options;
  const logDirectory = join(dataDirectory, 'logs');
  await mkdir(logDirectory, { recursive: true, mode: 0o700 });
  await using started = new AsyncDisposableStack();
  const lock = await tryLock(join(dataDirectory, 'stack.lock'));
  if (lock === null) throw new DataDirectoryInUse(dataDirectory);
  started.defer(() => lock.release());

  const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const part = await starting;
    started.defer(() => part.stop());
    return part;
  };
  // Side by side: on a new machine the first two take minutes.
  const starting = [
    keep(
      openTemporal({ ...options, logDirectory, port: options.temporalPort, uiPort: options.temporalUiPort }),
    ),
    keep(
      openModal({
        ...options,
        logDirectory,
        credentials: options.modalCredentials,
        appName: options.modalAppName,
      }),
    ),
    options.hasClaudeCredential
      ? Promise.resolve(null)
      : keep(startScriptedModelProcess({ ...options, logDirectory })),
  ] as const;
  const [temporal, modal, scriptedModel] = await Promise.all(starting).catch(async (error: unknown) => {
    // What still starts is waited for, so that it is ended too.
    await Promise.allSettled(starting);
    throw error;
  });
  const running = started.move();
  return {
    temporal,
    modal,
    scriptedModel,
    logDirectory,
    workerEnvironment: workerEnvironment({ temporal, modal, scriptedModel }),
    close: () => running.disposeAsync(),
  };
}

function workerEnvironment(
  parts: Pick<Stack, 'temporal' | 'modal' | 'scriptedModel'>,
): Record<string, string> {
  const { temporal, modal, scriptedModel } = parts;
  return {
    // An existing server is in the environment already, with its credentials.
    ...(temporal.server !== null && {
      TEMPORAL_ADDRESS: temporal.connectionOptions.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    }),
    ...(modal.serverUrl !== undefined && { MODAL_SERVER_URL: modal.serverUrl }),
    MODAL_TOKEN_ID: modal.credentials.tokenId,
    MODAL_TOKEN_SECRET: modal.credentials.tokenSecret,
    ...(scriptedModel !== null && {
      HARVEST_MODEL_URL: scriptedModel.url,
      ANTHROPIC_API_KEY: scriptedModel.credential,
    }),
  };
}
