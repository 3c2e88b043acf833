/** The official download of the Temporal CLI, by the downloader of `@temporalio/testing`. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  childEnd,
  describeEnd,
  signalGroup,
  siblingModule,
  spawnGuarded,
  type Environment,
} from '../processes/guarded-child.ts';
import { collectTail } from '../processes/output-tail.ts';

export type DownloadOptions = {
  directory: string;
  environment: Environment;
  /** Given up when nothing arrives for so long: some networks answer never instead of no. */
  stallMs?: number;
};

const defaultStallMs = 30_000;
const pollMs = 500;

/**
 * Downloads into the empty directory and returns the binary's path. In a process of its own: the downloader cannot be
 * cancelled, and it would fix the settings of Temporal's native runtime for the process it runs in.
 */
export async function downloadBinary(options: DownloadOptions): Promise<string> {
  const { directory, environment, stallMs = defaultStallMs } = options;
  const child = spawnGuarded({
    argv: [process.execPath, siblingModule('download-main', import.meta.url), directory],
    environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors = collectTail(child.stderr);
  const stall = watchForStall(directory, stallMs, () => signalGroup(child, 'SIGKILL'));
  const end = await childEnd(child);
  const stalled = stall.stop();
  signalGroup(child, 'SIGKILL');
  if (stalled) throw new Error(`nothing was received for ${stallMs / 1000} s`);
  if (end.code !== 0) throw new Error((await errors) || describeEnd(end));
  const [name] = await readdir(directory);
  if (name === undefined) throw new Error('the downloader left no file');
  return join(directory, name);
}

function watchForStall(directory: string, stallMs: number, onStall: () => void): { stop(): boolean } {
  let bytes = 0;
  let lastProgressMs = Date.now();
  let stalled = false;
  const timer = setInterval(() => {
    void bytesIn(directory).then((now) => {
      if (now !== bytes) [bytes, lastProgressMs] = [now, Date.now()];
      if (stalled || Date.now() - lastProgressMs < stallMs) return;
      stalled = true;
      onStall();
    });
  }, pollMs);
  return {
    stop: () => {
      clearInterval(timer);
      return stalled;
    },
  };
}

async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        (entry) => entry.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
