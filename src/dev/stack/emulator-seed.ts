/**
 * Every emulator has a state directory of its own; the base image in it is copied from a template in the cache by hard
 * links, so that it is built once per machine and lies on the disk once. Layers never change, so sharing them is safe.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './file-lock.ts';

export type SeedOptions = {
  cacheDirectory: string;
  stateDirectory: string;
  contentHash: string;
  log: (line: string) => void;
  /** Builds the base image with an emulator on this state directory, and ends the emulator. */
  build: (templateDirectory: string) => Promise<void>;
};

/** Puts the base image into the state directory unless it was put there before. */
export async function seedEmulatorState(options: SeedOptions): Promise<void> {
  const { cacheDirectory, stateDirectory, contentHash, log, build } = options;
  const template = templateDirectory(cacheDirectory);
  const seeded = join(stateDirectory, `base-${contentHash}`);
  if (await exists(seeded)) return;
  const announceWait = () => log('another process is building the base image; waiting for it');
  await withLock(join(cacheDirectory, 'modal-emulator', 'template.lock'), announceWait, async () => {
    const built = join(template, `base-${contentHash}`);
    if (!(await exists(built))) {
      await build(template);
      await writeFile(built, '');
    }
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    for (const part of ['layers', 'images']) await copyLinked(join(template, part), stateDirectory);
    await writeFile(seeded, '');
  });
}

/** The next stack builds the base image into the template again. */
export async function forgetTemplate(cacheDirectory: string): Promise<void> {
  const names = await readdir(templateDirectory(cacheDirectory)).catch(() => []);
  const marks = names.filter((name) => name.startsWith('base-'));
  await Promise.all(marks.map((name) => rm(join(templateDirectory(cacheDirectory), name), { force: true })));
}

function templateDirectory(cacheDirectory: string): string {
  return join(cacheDirectory, 'modal-emulator', 'template');
}

/** By hard links where both lie on one file system, else whole. */
async function copyLinked(source: string, targetDirectory: string): Promise<void> {
  const run = promisify(execFile);
  try {
    await run('cp', ['-a', '--link', '--no-clobber', source, targetDirectory]);
  } catch {
    await run('cp', ['-a', '--reflink=auto', '--no-clobber', source, targetDirectory]);
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
