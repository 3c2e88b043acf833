/** The directory of a lane, with the small disk of its store. It goes with its lane, and also when this process is killed. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnd, signalGroup, spawnGuarded } from '../../src/dev/processes/guarded-child.ts';
import { mountSmallDisk } from './small-disk.ts';

export type LaneDirectory = {
  directory: string;
  /** On a file system of its own. */
  dataDirectory: string;
  remove(): Promise<void>;
};

/** For this process's children, which die with it. */
const childrenSeconds = 5;

/** Beside the caches: layers of the base image can be linked then instead of copied. */
export async function makeLaneDirectory(cacheDirectory: string): Promise<LaneDirectory> {
  await mkdir(cacheDirectory, { recursive: true });
  const directory = await mkdtemp(join(cacheDirectory, 'chaos-'));
  const dataDirectory = join(directory, 'store');
  const guard = spawnGuard(directory, dataDirectory);
  const disk = await mountSmallDisk(dataDirectory);
  return {
    directory,
    dataDirectory,
    remove: async () => {
      await disk.unmount();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      await guard.end();
    },
  };
}

/** Waits for the end of this process, which comes to it as SIGTERM, and then for that of its children. */
function spawnGuard(directory: string, dataDirectory: string): { end: () => Promise<void> } {
  const cleanUp = `kill $!; sleep ${childrenSeconds}; umount --lazy "$1"; rm -rf "$2"; exit`;
  const script = `trap '${cleanUp}' TERM; while :; do sleep 3600 & wait $!; done`;
  const guard = spawnGuarded({
    argv: ['sh', '-c', script, 'sh', dataDirectory, directory],
    environment: process.env,
    stdio: 'ignore',
    deathSignal: 'TERM',
  });
  guard.unref();
  const ended = childEnd(guard);
  return {
    end: async () => {
      // Nothing else may keep this process until then.
      guard.ref();
      // Not SIGTERM: there is nothing to clean up any more. The shell and its `sleep`.
      signalGroup(guard, 'SIGKILL');
      await ended;
    },
  };
}
