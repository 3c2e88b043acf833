/** What a test does to a session's sandbox from outside, as the infrastructure would. */
import { createModalProvider } from '../../src/sandbox/modal-provider.ts';
import type { Sandbox } from '../../src/sandbox/provider.ts';
import { sharedStack } from './stack.ts';

/** Prints the supervisor's pid inside a sandbox; its entrypoint, a shell, has the same path in its arguments. */
export const supervisorPid = `ps -eo pid,args | awk '$2 == "/opt/harvest/bin/node" { print $1 }'`;

export type SandboxControl = {
  /** Ends the session's running sandbox without notice. */
  kill(sessionId: string): Promise<void>;
  /** Runs a shell command as root in the session's running sandbox. */
  execAsRoot(sessionId: string, command: string): Promise<string>;
  /** As if somebody had deleted it at the provider. */
  deleteImage(imageId: string): Promise<void>;
  /** The ids of the session's running sandboxes. */
  list(sessionId: string): Promise<string[]>;
};

export function controlSandboxes(): SandboxControl {
  const { modal } = sharedStack();
  const provider = createModalProvider({
    serverUrl: modal.url,
    credentials: modal.credentials,
    log: () => undefined,
  });
  const list = async (sessionId: string): Promise<string[]> =>
    (await provider.list({ session: sessionId })).map(({ sandboxId }) => sandboxId);
  const running = async (sessionId: string): Promise<Sandbox> => {
    const [sandboxId] = await list(sessionId);
    if (sandboxId === undefined) throw new Error(`no sandbox of session ${sessionId} runs`);
    return provider.attach(sandboxId);
  };
  return {
    list,
    deleteImage: async (imageId) => provider.deleteImage({ imageId }),
    kill: async (sessionId) => (await running(sessionId)).terminate(),
    execAsRoot: async (sessionId, command) => {
      const shell = await (await running(sessionId)).exec(['sh', '-c', command]);
      const chunks: Uint8Array[] = [];
      for await (const chunk of shell.stdout) chunks.push(chunk);
      await shell.wait();
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
