/** Activities on a real store, in a sandbox whose commands end as told. */
import { CredentialVault } from '../../../src/activities/credentials.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import type { Sandbox, SandboxProvider } from '../../../src/sandbox/provider.ts';
import {
  CredentialGrants,
  credentialVariables,
  modalSecrets,
} from '../../../src/secrets/credential-grants.ts';
import { SealingKeys, generateSealingKey } from '../../../src/secrets/sealing.ts';
import type { Store } from '../../../src/store/store.ts';

/** How a command ends, and what is true then. */
export type CommandEnd = { code: number; output?: string; stderr?: string; sandboxEnds?: boolean };

export type ScriptedSandbox = Sandbox & {
  /** The commands, each as one line. */
  readonly commands: string[];
};

function never(): never {
  throw new TypeError('not asked for here');
}

/** `run` may throw what starting a command throws. */
export function scriptedSandbox(run: (command: string) => CommandEnd): ScriptedSandbox {
  const commands: string[] = [];
  let isRunning = true;
  return {
    sandboxId: 'sb-1',
    commands,
    exec: async (argv) => {
      const command = argv.join(' ');
      commands.push(command);
      const end = run(command);
      return {
        stdout: (async function* () {
          if (end.output !== undefined) yield Buffer.from(end.output);
          isRunning = end.sandboxEnds !== true;
        })(),
        stderr: async () => end.stderr ?? '',
        wait: async () => end.code,
      };
    },
    isRunning: async () => isRunning,
    snapshot: never,
    terminate: async () => void (isRunning = false),
  };
}

export function depsWith(store: Store, sandbox: Sandbox): ActivityDeps & { creates: () => number } {
  let creates = 0;
  const provider: SandboxProvider = {
    place: 'here',
    attach: async () => sandbox,
    create: async () => {
      creates += 1;
      return sandbox;
    },
    findByName: async () => null,
    list: never,
    buildImage: never,
    deleteImage: never,
    close: never,
  };
  const vault = new CredentialVault({
    grants: {
      variables: CredentialGrants.parse(credentialVariables, ''),
      modalSecrets: CredentialGrants.parse(modalSecrets, ''),
    },
    variables: new Map(),
    keys: SealingKeys.parse(generateSealingKey()),
  });
  return {
    creates: () => creates,
    store,
    provider,
    vault,
    supervisor: { code: 'its program', fileName: 'supervisor-ab.mjs' },
    modelUrl: 'http://model.example',
    requestBuild: async () => undefined,
    baseImage: { recipeHash: 'r', find: async () => ({ imageId: 'im-base' }), forget: never },
    log: () => undefined,
  };
}

export function attemptNumber(number: number) {
  const { signal } = new AbortController();
  return { signal, number, report: () => undefined, cancelRequested: () => false };
}
