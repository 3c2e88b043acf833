/** Local Modal as a child process, and what it needs of this machine. */
import { join } from 'node:path';
import * as z from 'zod';
import { findMissingRequirements, installRequirements } from '../../modal-emulator/requirements.ts';
import type { ModalCredentials } from '../../sandbox/modal-client.ts';
import { startChildServer } from '../processes/child-server.ts';
import { siblingModule, type Environment } from '../processes/guarded-child.ts';

export type EmulatorProcess = {
  /** For `MODAL_SERVER_URL`. */
  url: string;
  /** For faults and secrets of tests; see the emulator's control-server.ts. */
  controlUrl: string;
  /** Made anew by each emulator: a process in a sandbox shares the network and must not reach the control plane. */
  credentials: ModalCredentials;
  stop: () => Promise<void>;
};

const readySchema = z.object({
  url: z.url(),
  controlUrl: z.url(),
  tokenId: z.string(),
  tokenSecret: z.string(),
});

export async function startEmulatorProcess(options: {
  cacheDirectory: string;
  stateDirectory: string;
  logDirectory: string;
  environment: Environment;
}): Promise<EmulatorProcess> {
  const { ready, stop } = await startChildServer({
    name: 'Local Modal',
    argv: [
      process.execPath,
      siblingModule('../../modal-emulator/main', import.meta.url),
      '--exit-with-stdin',
      '--own-credentials',
      '--state',
      options.stateDirectory,
      '--root-cache',
      join(options.cacheDirectory, 'debian-roots'),
    ],
    environment: options.environment,
    // It ends its sandboxes and their mounts.
    deathSignal: 'TERM',
    ready: readySchema,
    logFile: join(options.logDirectory, 'modal-emulator.log'),
    startTimeoutMs: 60_000,
  });
  const { tokenId, tokenSecret, ...urls } = ready;
  return { ...urls, credentials: { tokenId, tokenSecret }, stop };
}

/** Local Modal cannot run here. */
class LocalModalUnavailable extends Error {
  override readonly name = 'LocalModalUnavailable';
  constructor(reasons: readonly string[]) {
    super(
      `${reasons.join(' ')} Mend that, or set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET to use Modal's cloud instead.`,
    );
  }
}

/** Installs what is missing where that is possible. Throws `LocalModalUnavailable`. */
export async function meetRequirements(log: (line: string) => void): Promise<void> {
  await installRequirements(log).catch((error: unknown) => {
    if (findMissingRequirements().length === 0) throw error;
  });
  const missing = findMissingRequirements();
  if (missing.length > 0) throw new LocalModalUnavailable(missing);
}
