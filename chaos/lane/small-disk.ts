/** A file system of a few MiB in memory: a disk that can be filled without harm to anybody else. */
import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sizeMiB = 96;
const filler = 'filler';

export type SmallDisk = { unmount(): Promise<void> };

export async function mountSmallDisk(directory: string): Promise<SmallDisk> {
  await mkdir(directory, { mode: 0o700 });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=700`, 'harvest-chaos', directory]);
  return { unmount: async () => void (await run('umount', ['--lazy', directory])) };
}

/** Takes all that is free, to the last page. */
export async function fillDisk(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  await writeFile(join(directory, filler), Buffer.alloc(bavail * bsize)).catch((error: unknown) => {
    // Somebody else took the last page.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  });
}

export async function emptyDisk(directory: string): Promise<void> {
  await rm(join(directory, filler), { force: true });
}
