/** The directory of a lane, with the small disk of its store. It goes with its lane, and also when this process is killed. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mountSmallDisk } from './small-disk.ts';

export type LaneDirectory = {
  directory: string;
  /** On a file system of its own. */
  dataDirectory: string;
  remove(): Promise<void>;
};

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
      guard.end();
    },
  };
}

/** Waits for the end of this process, and then for that of its children, which die with it. */
function spawnGuard(directory: string, dataDirectory: string): { end: () => void } {
  const script = 'tail --pid="$1" -f /dev/null; sleep 5; umount --lazy "$2"; rm -rf "$3"';
  const argv = ['-c', script, 'sh', String(process.pid), dataDirectory, directory];
  const guard = spawn('sh', argv, { detached: true, stdio: 'ignore' });
  guard.unref();
  return {
    end: () => {
      // The shell and its `tail`.
      if (guard.pid !== undefined) process.kill(-guard.pid, 'SIGKILL');
    },
  };
}
