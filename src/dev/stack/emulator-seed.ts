/**
 * Every emulator has a state directory of its own; the base image in it is copied from a template in the cache by hard
 * links, so that it is built once per machine and lies on the disk once. Layers never change, so sharing them is safe.
 */
import { access, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../processes/file-lock.ts';
import { childEnd, describeEnd, spawnGuarded } from '../processes/guarded-child.ts';
import { collectTail } from '../processes/output-tail.ts';

/** The one in use and the one before: two checkouts side by side do not build in turns. */
const keptTemplates = 2;

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
  const { templates, template, built } = templatePaths(cacheDirectory, contentHash);
  const seeded = join(stateDirectory, `base-${contentHash}`);
  if (await exists(seeded)) return;
  const announceWait = () => log('another process is building the base image; waiting for it');
  await withLock(join(templates, 'lock'), announceWait, async () => {
    if (!(await exists(built))) {
      await build(template);
      await writeFile(built, '');
      await removeOld(templates);
    }
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    for (const part of ['layers', 'images']) await copyLinked(join(template, part), stateDirectory);
    await writeFile(seeded, '');
  });
}

/** The next stack builds the base image into the template again. */
export async function forgetTemplate(cacheDirectory: string, contentHash: string): Promise<void> {
  await rm(templatePaths(cacheDirectory, contentHash).built, { force: true });
}

function templatePaths(cacheDirectory: string, contentHash: string) {
  const templates = join(cacheDirectory, 'modal-emulator');
  const template = join(templates, `template-${contentHash.slice(0, 16)}`);
  return { templates, template, built: join(template, 'built') };
}

/** Each is a whole image on the disk. */
async function removeOld(templates: string): Promise<void> {
  const names = (await readdir(templates)).filter((name) => name.startsWith('template-'));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(join(templates, name))).mtimeMs })),
  );
  const old = dated.toSorted((a, b) => b.atMs - a.atMs).slice(keptTemplates);
  await Promise.all(old.map(({ name }) => rm(join(templates, name), { recursive: true, force: true })));
}

/** By hard links where both lie on one file system, else whole. */
async function copyLinked(source: string, targetDirectory: string): Promise<void> {
  const link = await copy(['--link', source, targetDirectory]);
  const failure = link === null ? null : await copy(['--reflink=auto', source, targetDirectory]);
  if (failure !== null) throw new Error(`the base image cannot be copied to ${targetDirectory}: ${failure}`);
}

/** Null, or why it failed. */
async function copy(args: readonly string[]): Promise<string | null> {
  const child = spawnGuarded({
    argv: ['/bin/cp', '-a', '--no-clobber', ...args],
    environment: { LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output = collectTail(child.stderr);
  const end = await childEnd(child);
  return end.code === 0 ? null : (await output) || describeEnd(end);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
