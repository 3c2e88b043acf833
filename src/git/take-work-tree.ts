/** Index and work tree as two trees in the scratch folder. */
import { type GitRunner, safeEnvironment } from './runner.ts';
import type { Scratch } from './scratch.ts';
import type { Status, StatusEntry } from './status.ts';

export type TakeWorkTreeInput = {
  run: GitRunner;
  directory: string;
  scratch: Scratch;
  status: Status;
  limitBytes: number;
};

export type WorkTrees = {
  index: string;
  workTree: string;
  intentToAdd: string[];
  /** Paths that were left behind for their size, or because they cannot be read. */
  tooLarge: string[];
};

export async function takeWorkTree(input: TakeWorkTreeInput): Promise<WorkTrees> {
  const { scratch, status } = input;
  await resolveConflicts(scratch, status.entries);
  const index = (await scratch.git.run(['write-tree'])).trim();
  const intentToAdd = status.entries.filter(isIntentToAdd).map((entry) => entry.path);
  const changed = status.entries.filter(differsFromHead);
  if (changed.length === 0) return { index, workTree: index, intentToAdd, tooLarge: [] };
  const present = changed.filter((entry) => !isDeleted(entry)).map((entry) => entry.path);
  const tooLarge = new Set(await largeFiles(input, present));
  const paths = changed.map((entry) => entry.path).filter((path) => !tooLarge.has(path));
  await removeFromIndex(scratch, paths);
  // Not `add`: this takes paths as they are, ignored or not, and does not mind one that vanished meanwhile.
  await scratch.git.run(['update-index', '--add', '--remove', '--replace', '-z', '--stdin'], {
    stdin: present
      .filter((path) => !tooLarge.has(path))
      .map((path) => `${path}\0`)
      .join(''),
  });
  const workTree = (await scratch.git.run(['write-tree'])).trim();
  return { index, workTree, intentToAdd, tooLarge: [...tooLarge] };
}

/** An unmerged path cannot be in a tree: it becomes what our side had. */
async function resolveConflicts(scratch: Scratch, entries: readonly StatusEntry[]): Promise<void> {
  const unmerged = entries.filter((entry) => entry.kind === 'unmerged');
  if (unmerged.length === 0) return;
  const paths = unmerged.map((entry) => entry.path);
  await removeFromIndex(scratch, paths);
  const ours = unmerged.flatMap(({ path, ours }) =>
    ours === null ? [] : [`${ours.mode} ${ours.object}\t${path}\0`],
  );
  await scratch.git.run(['update-index', '-z', '--index-info'], { stdin: ours.join('') });
}

/** So that every file is read again as it is: an entry that looks current would keep what a filter made of the file. */
async function removeFromIndex(scratch: Scratch, paths: readonly string[]): Promise<void> {
  const lines = paths.map((path) => `0 ${scratch.nullId}\t${path}\0`);
  await scratch.git.run(['update-index', '-z', '--index-info'], { stdin: lines.join('') });
}

function isIntentToAdd(entry: StatusEntry): boolean {
  return entry.kind === 'changed' && entry.unstaged === 'A';
}

/** Staged files too: the bytes on disk need not be what is in the index. */
function differsFromHead(entry: StatusEntry): boolean {
  if (entry.kind === 'changed') return !entry.submodule && !(entry.unstaged === '.' && entry.staged === 'D');
  // A name that ends with a slash is a repository inside the repository.
  return entry.kind === 'unmerged' || (entry.kind === 'untracked' && !entry.path.endsWith('/'));
}

function isDeleted(entry: StatusEntry): boolean {
  return entry.kind === 'changed' && entry.unstaged === 'D';
}

/** Files above the limit, and the largest ones when all together are far above it (most work shrinks to a quarter or less). */
async function largeFiles(input: TakeWorkTreeInput, paths: readonly string[]): Promise<string[]> {
  const sizes = await input.run(['--bytes', '--null', '--files0-from=-'], {
    program: 'du',
    env: { ...safeEnvironment },
    stdin: paths.map((path) => `${input.directory}/${path}\0`).join(''),
  });
  return sizes.stdout === '' ? [] : chooseLargest(sizes.stdout, input);
}

function chooseLargest(output: string, input: TakeWorkTreeInput): string[] {
  const files = output
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => ({
      bytes: Number(record.slice(0, record.indexOf('\t'))),
      path: record.slice(record.indexOf('\t') + 1 + input.directory.length + 1),
    }))
    .sort((one, other) => other.bytes - one.bytes);
  let total = files.reduce((sum, file) => sum + file.bytes, 0);
  const large: string[] = [];
  for (const file of files) {
    if (file.bytes <= input.limitBytes && total <= input.limitBytes * 4) break;
    large.push(file.path);
    total -= file.bytes;
  }
  return large;
}
