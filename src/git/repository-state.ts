/** What a repository holds that its remote does not, as far as git says it without looking into files. */
import type { CarryRecord } from './carry-record.ts';
import type { Git } from './runner.ts';
import { parseStatus, type Status, statusArguments } from './status.ts';

export type RepositoryState = {
  status: Status;
  unpushedCommits: number;
  stashes: CarryRecord['stashes'];
  /** Folders of linked work trees. */
  linkedWorkTrees: string[];
  /** What is in progress: a merge, a rebase … */
  inProgress: string[];
};

export async function readState(git: Git): Promise<RepositoryState> {
  const [status, unpushed, stashes, workTrees, inProgress] = await Promise.all([
    git.run(statusArguments),
    // HEAD may name no commit yet; the remote is the one the session's repository was cloned from.
    git.run(['rev-list', '--count', '--ignore-missing', '--branches', 'HEAD', '--not', '--remotes=origin']),
    git.try(['stash', 'list', '-z', '--format=%H%x09%gs']),
    git.try(['worktree', 'list', '--porcelain', '-z']),
    readInProgress(git),
  ]);
  return {
    status: parseStatus(status),
    unpushedCommits: Number(unpushed.trim()),
    stashes: records(stashes.stdout).map((record) => {
      const [commit = '', message = ''] = record.split('\t', 2);
      return { commit, message };
    }),
    linkedWorkTrees: records(workTrees.stdout)
      .filter((line) => line.startsWith('worktree '))
      .slice(1)
      .map((line) => line.slice('worktree '.length)),
    inProgress,
  };
}

const operations: readonly (readonly [ref: string, name: string])[] = [
  ['MERGE_HEAD', 'merge'],
  ['REBASE_HEAD', 'rebase'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
];

/** One answer a line, in order; a ref that is not there is `missing`. */
async function readInProgress(git: Git): Promise<string[]> {
  const stdin = operations.map(([ref]) => `${ref}\n`).join('');
  const answers = (await git.run(['cat-file', '--batch-check'], { stdin })).split('\n');
  return operations.flatMap(([, name], at) => (answers[at]?.endsWith(' missing') === false ? [name] : []));
}

export type Refs = { branches: Ref[]; remoteBranches: Ref[] };
type Ref = { ref: string; commit: string };

/** Local branches, and what the remote had when it was last fetched from or pushed to. */
export async function readRefs(git: Git): Promise<Refs> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/remotes/origin'];
  const refs = (await git.run(args)).split('\n').flatMap((line) => {
    const space = line.indexOf(' ');
    return space === -1 ? [] : [{ commit: line.slice(0, space), ref: line.slice(space + 1) }];
  });
  const isLocal = ({ ref }: Ref): boolean => ref.startsWith('refs/heads/');
  return { branches: refs.filter(isLocal), remoteBranches: refs.filter((ref) => !isLocal(ref)) };
}

function records(output: string): string[] {
  return output.split('\0').filter((record) => record !== '');
}
