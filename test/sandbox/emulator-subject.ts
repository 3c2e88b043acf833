/** The Modal adapter on an emulator of its own, which lives in this process so that its faults can be switched on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator } from '../../src/modal-emulator/emulator.ts';
import { createModalProvider } from '../../src/sandbox/modal-provider.ts';
import type { ImageRef, SandboxProvider } from '../../src/sandbox/provider.ts';

export type EmulatorSubject = {
  emulator: Emulator;
  provider: SandboxProvider;
  /** Plain Debian. */
  image: ImageRef;
  secret: { name: string; variable: string; value: string };
  /** Another provider on the same emulator, as another worker would have. */
  another(): SandboxProvider;
  close(): Promise<void>;
};

export async function openEmulator(): Promise<EmulatorSubject> {
  const directory = await mkdtemp(join(tmpdir(), 'harvest-sandbox-'));
  const emulator = await startEmulator({ stateDirectory: directory });
  const providers: SandboxProvider[] = [];
  const another = () => {
    const provider = createModalProvider({
      serverUrl: emulator.url,
      credentials: { tokenId: 'ak-test', tokenSecret: 'as-test' },
      log: () => {},
    });
    providers.push(provider);
    return provider;
  };
  const provider = another();
  const close = async () => {
    await Promise.all(providers.map((each) => each.close()));
    await emulator.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const image = await provider.buildImage({ from: 'debian:bookworm-slim', commands: [] }, () => {});
    const secret = { name: 'conformance', variable: 'WORD', value: 'rutabaga' };
    emulator.setSecret(secret.name, { [secret.variable]: secret.value });
    return { emulator, provider, image, secret, another, close };
  } catch (error) {
    await close();
    throw error;
  }
}
