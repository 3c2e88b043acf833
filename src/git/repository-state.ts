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

async function readInProgress(git: Git): Promise<string[]> {
  const operations = {
    merge: 'MERGE_HEAD',
    rebase: 'REBASE_HEAD',
    'cherry-pick': 'CHERRY_PICK_HEAD',
    revert: 'REVERT_HEAD',
  };
  const found = await Promise.all(
    Object.entries(operations).map(async ([name, ref]) => {
      const known = await git.try(['rev-parse', '--verify', '--quiet', ref]);
      return known.exitCode === 0 ? [name] : [];
    }),
  );
  return found.flat();
}

export async function readRefs(git: Git, prefix: string): Promise<{ ref: string; commit: string }[]> {
  const output = await git.run(['for-each-ref', '--format=%(objectname) %(refname)', prefix]);
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ commit: line.slice(0, line.indexOf(' ')), ref: line.slice(line.indexOf(' ') + 1) }));
}

function records(output: string): string[] {
  return output.split('\0').filter((record) => record !== '');
}
