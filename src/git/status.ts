/** Reading `git status --porcelain=v2 -z`. Paths are `latin1`, as they come from the runner. */
import { GitFailed, type Git } from './runner.ts';

export type StatusEntry =
  | {
      kind: 'changed';
      path: string;
      /** The change from HEAD to the index, and from the index to the work tree: `.` is none. */
      staged: string;
      unstaged: string;
      submodule: boolean;
    }
  | {
      kind: 'unmerged';
      path: string;
      /** Our side of the conflict, null when we deleted it. */
      ours: { mode: string; object: string } | null;
    }
  | { kind: 'untracked' | 'ignored'; path: string };

export type Status = {
  /** Null on a branch without a commit. */
  head: string | null;
  /** Null when detached. */
  branch: string | null;
  entries: StatusEntry[];
};

const machineReadable = ['status', '--porcelain=v2', '-z', '--no-renames'] as const;

/** Nothing that git configuration could leave out, and ignored folders by their name only. */
export const statusArguments: readonly string[] = [
  ...machineReadable,
  '--branch',
  '--untracked-files=all',
  '--ignored=matching',
  '--ignore-submodules=none',
];

/** `git reset` works on the whole repository, `git clean` from its folder downwards; neither works in submodules. */
const workArguments = {
  changes: ['--untracked-files=no', '--ignore-submodules=dirty'],
  untracked: ['--untracked-files=normal', '--ignore-submodules=dirty', '--', '.'],
} as const;

/** No repository, or nothing that git would work in. */
const cannotBeRead = 128;

/**
 * Whether there are uncommitted changes of files that git knows, or files that it neither knows nor ignores; false where
 * there is no repository. Rejects with `GitFailed` when git did not come to its end.
 */
export async function holdsWork(git: Git, work: keyof typeof workArguments): Promise<boolean> {
  const result = await git.try([...machineReadable, ...workArguments[work]]);
  if (result.exitCode === cannotBeRead) return false;
  if (result.exitCode !== 0) throw new GitFailed('status', result);
  return parseStatus(result.stdout).entries.some(
    ({ kind }) => (kind === 'untracked') === (work === 'untracked'),
  );
}

export function parseStatus(output: string): Status {
  const status: Status = { head: null, branch: null, entries: [] };
  const records = output.split('\0');
  for (let at = 0; at < records.length; at += 1) {
    const record = records[at] ?? '';
    if (record.startsWith('# ')) readHeader(record, status);
    else if (record !== '') status.entries.push(entryOf(record));
    // A rename is two records, the second its old path; `--no-renames` asks for none.
    if (record.startsWith('2 ')) at += 1;
  }
  return status;
}

function readHeader(record: string, status: Status): void {
  const [, key, value = ''] = record.split(' ');
  if (key === 'branch.oid') status.head = value === '(initial)' ? null : value;
  if (key === 'branch.head')
    status.branch = value === '(detached)' ? null : record.slice('# branch.head '.length);
}

function entryOf(record: string): StatusEntry {
  if (record.startsWith('?')) return { kind: 'untracked', path: record.slice(2) };
  if (record.startsWith('!')) return { kind: 'ignored', path: record.slice(2) };
  if (record.startsWith('u')) {
    const fields = splitFields(record, 10);
    const [, , , , mode = '', , , , object = ''] = fields;
    const ours = /^0+$/.test(object) ? null : { mode, object };
    return { kind: 'unmerged', path: fields[10] ?? '', ours };
  }
  const fields = splitFields(record, record.startsWith('2') ? 9 : 8);
  const [, change = '..', submodule = 'N...'] = fields;
  return {
    kind: 'changed',
    path: fields.at(-1) ?? '',
    staged: change.charAt(0),
    unstaged: change.charAt(1),
    submodule: submodule.startsWith('S'),
  };
}

/** `count` fields without spaces, then the path, which may have some. */
function splitFields(record: string, count: number): string[] {
  const fields: string[] = [];
  let rest = record;
  for (let at = 0; at < count; at += 1) {
    const space = rest.indexOf(' ');
    fields.push(rest.slice(0, space));
    rest = rest.slice(space + 1);
  }
  return [...fields, rest];
}
