/** Modal of the stack: its cloud when there are credentials, else an emulator of our own; with the base image on it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { baseRecipe } from '../../images/base-recipe.ts';
import type { ModalCredentials } from '../../sandbox/modal-client.ts';
import { createModalProvider } from '../../sandbox/modal-provider.ts';
import type { ImageRef, SandboxProvider } from '../../sandbox/provider.ts';
import { createBuildProgress } from './build-progress.ts';
import { forgetTemplate, seedEmulatorState } from './emulator-seed.ts';
import { meetRequirements, startEmulatorProcess, type EmulatorProcess } from './emulator.ts';
import type { Environment } from '../processes/guarded-child.ts';

export type StackModal = {
  /** Null for Modal's cloud. */
  emulator: EmulatorProcess | null;
  /** For `MODAL_SERVER_URL`; undefined for Modal's cloud. */
  serverUrl: string | undefined;
  credentials: ModalCredentials;
  provider: SandboxProvider;
  baseImage: ImageRef;
  stop(): Promise<void>;
};

export type ModalOptions = {
  cacheDirectory: string;
  dataDirectory: string;
  logDirectory: string;
  environment: Environment;
  /** Of Modal's cloud; the emulator without. */
  credentials?: ModalCredentials | undefined;
  modalEnvironment?: string | undefined;
  appName?: string | undefined;
  log: (line: string) => void;
};

export async function openModal(options: ModalOptions): Promise<StackModal> {
  const { emulator, ...target } = await openTarget(options);
  const provider = createModalProvider({
    ...target,
    environment: options.modalEnvironment,
    ...(options.appName !== undefined && { appName: options.appName }),
    log: options.log,
  });
  const stop = async () => {
    await provider.close();
    await emulator?.stop();
  };
  try {
    if (emulator === null)
      options.log("using Modal's cloud; the base image is built there once (a few minutes)");
    const { image, built } = await buildBase(provider, options);
    // The template's layers belong to a Debian root that is no longer in the cache.
    if (emulator !== null && built)
      await forgetTemplate(options.cacheDirectory, baseRecipe('core').contentHash);
    return { emulator, ...target, provider, baseImage: image, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openTarget(
  options: ModalOptions,
): Promise<Pick<StackModal, 'emulator' | 'serverUrl' | 'credentials'>> {
  const { credentials } = options;
  if (credentials !== undefined) return { emulator: null, serverUrl: undefined, credentials };
  const emulator = await openEmulator(options);
  return { emulator, serverUrl: emulator.url, credentials: emulator.credentials };
}

async function openEmulator(options: ModalOptions): Promise<EmulatorProcess> {
  const { cacheDirectory, dataDirectory, log } = options;
  const stateDirectory = join(dataDirectory, 'modal');
  await meetRequirements(log);
  await seedEmulatorState({
    cacheDirectory,
    stateDirectory,
    contentHash: baseRecipe('core').contentHash,
    log,
    build: async (templateDirectory) => {
      log('building the base image, once (1 to 4 minutes, 850 MB on disk)');
      const emulator = await startEmulatorProcess({ ...options, stateDirectory: templateDirectory });
      const provider = createModalProvider({
        serverUrl: emulator.url,
        credentials: emulator.credentials,
        log,
      });
      try {
        await buildBase(provider, options);
      } finally {
        await provider.close();
        await emulator.stop();
      }
    },
  });
  return startEmulatorProcess({ ...options, stateDirectory });
}

async function buildBase(
  provider: SandboxProvider,
  options: ModalOptions,
): Promise<{ image: ImageRef; built: boolean }> {
  await mkdir(options.logDirectory, { recursive: true });
  const progress = createBuildProgress({
    logFile: join(options.logDirectory, 'base-image.log'),
    log: options.log,
  });
  try {
    let built = false;
    const image = await provider.buildImage(baseRecipe('core'), (text) => {
      built = true;
      progress.write(text);
    });
    return { image, built };
  } finally {
    progress.close();
  }
}
