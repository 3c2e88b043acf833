/** What the activities are given: ports and the values that only the worker knows. */
import type { SandboxProvider } from '../sandbox/provider.ts';
import type { Store } from '../store/store.ts';
import type { BaseImageSource } from './base-image.ts';
import type { CredentialVault } from './credentials.ts';

type SupervisorProgram = { code: string; fileName: string };

export type ActivityDeps = {
  store: Store;
  provider: SandboxProvider;
  vault: CredentialVault;
  supervisor: SupervisorProgram;
  /** The Messages API the agents talk to, as a sandbox reaches it. */
  modelUrl: string;
  baseImage: BaseImageSource;
  /** Asks for the build of a set's image, and does not wait for it. One that runs is enough. */
  requestBuild: (setId: string) => Promise<void>;
  log: (message: string, attributes?: Record<string, unknown>) => void;
};
