/** Random work on a repository, the same for the same seed: what a session might leave behind. */
import { chmod, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Place, write } from './repositories.ts';

type Random = { below(limit: number): number; pick<T>(items: readonly T[]): T };

/** Mulberry32: small, and good enough to choose edits. */
export function randomOf(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
  };
}

const paths = [
  'README.md',
  'src/app.js',
  'src/lib/deep.js',
  'run.sh',
  'image.bin',
  'new',
  'dir/new',
  'dir/deep/er',
  'a b',
  'ü',
];

/** Git may refuse an edit that makes no sense just now (nothing to commit, a path that is a folder): it is left out then. */
export async function editAtRandom(place: Place, directory: string, random: Random): Promise<void> {
  const path = random.pick(paths);
  const full = join(directory, path);
  const git = (...args: string[]) => place.run(['-C', directory, ...args]);
  const fileEdits: (() => Promise<unknown>)[] = [
    () => write(directory, path, contentOf(random)),
    () => write(directory, path, contentOf(random)).then(() => git('add', '--', path)),
    () => rm(full, { recursive: true, force: true }),
    () => git('rm', '-r', '--quiet', '--force', '--', path),
    () => git('rm', '-r', '--quiet', '--cached', '--', path),
    () => git('mv', '--force', '--', path, `${random.pick(paths)}-moved`),
    () => chmod(full, random.pick([0o644, 0o755])),
    () => rm(full, { recursive: true, force: true }).then(() => symlink(random.pick(paths), full)),
    () => rm(full, { recursive: true, force: true }).then(() => mkdir(full, { recursive: true })),
    () => git('add', '--all'),
    () => git('add', '--intent-to-add', '--', path),
    () => git('reset', '--quiet', '--', path),
  ];
  const historyEdits: (() => Promise<unknown>)[] = [
    () => git('commit', '--quiet', '--message', `Work ${random.below(1_000)}`),
    () => git('commit', '--quiet', '--all', '--message', `All work ${random.below(1_000)}`),
    () => git('switch', '--quiet', '--create', `branch-${random.below(1_000)}`),
    () => git('checkout', '--quiet', '--detach'),
    () => git('push', '--quiet', 'origin', 'HEAD:refs/heads/harvest/s1'),
  ];
  await random
    .pick(random.below(8) === 0 ? historyEdits : fileEdits)()
    .catch(ignoreRefusal);
}

function contentOf(random: Random): Uint8Array {
  const bytes = Uint8Array.from({ length: random.below(400) }, () => random.below(256));
  const lines = Array.from({ length: random.below(20) }, (_, at) => `line ${at} ${random.below(5)}`);
  return random.pick([
    bytes,
    Buffer.from(lines.join('\n')),
    Buffer.from(lines.join('\r\n')),
    Buffer.alloc(0),
  ]);
}

function ignoreRefusal(error: unknown): void {
  // The file system refuses what makes no sense as well; anything but its own errors is a mistake in this file.
  if (!(error instanceof Error && 'code' in error)) throw error;
}
