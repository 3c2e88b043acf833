/**
 * Taking carried work: what a repository holds that its remote does not (uncommitted, unpushed, stashed), as one git bundle.
 * Changes neither index, HEAD, refs, objects nor files of the repository: all that is made is made in a scratch folder.
 */
import { bounds } from '../contracts/bounds.ts';
import type { CarriedWork } from '../contracts/checkpoint.ts';
import { carriedRef, type CarryRecord, messageOf, stashRef } from './carry-record.ts';
import { noCommit } from './heads.ts';
import { leftBehind } from './left-behind.ts';
import { readRefs, readState, type RepositoryState } from './repository-state.ts';
import { type Git, type GitRunner, safeGit } from './runner.ts';
import { createScratch, type Scratch } from './scratch.ts';
import { takeWorkTree } from './take-work-tree.ts';

export type CarryInput = {
  repository: string;
  /** The repository's folder. */
  directory: string;
  /** An empty folder of the agent user, outside the repository; the caller removes it afterwards. */
  temporaryDirectory: string;
  /** Uncommitted files that are larger than this are left behind, and said. */
  limitBytes?: number;
};

export type CarryResult = {
  /** `bytes` and `sha256` are the caller's to add, from the file. */
  work: Omit<CarriedWork, 'bytes' | 'sha256'>;
  /** In `temporaryDirectory`; null when there is nothing the remote does not have (`bytes` is 0 then). */
  bundlePath: string | null;
};

/** Rejects with `GitFailed` when git cannot read the repository. */
export async function carryWork(run: GitRunner, input: CarryInput): Promise<CarryResult> {
  const git = safeGit(run, input.directory);
  const state = await readState(git);
  const { status } = state;
  const uncommitted = status.entries.filter((entry) => entry.kind !== 'ignored');
  const work = {
    repository: input.repository,
    branch: status.branch,
    head: status.head ?? noCommit,
    uncommittedFiles: uncommitted.length,
    unpushedCommits: state.unpushedCommits,
  };
  if (uncommitted.length === 0 && state.unpushedCommits === 0 && state.stashes.length === 0) {
    return { work: { ...work, ...notCarried(leftBehind(state, [])) }, bundlePath: null };
  }
  const scratch = await createScratch(run, input);
  const limitBytes = input.limitBytes ?? bounds.carriedWorkBytes;
  const trees = await takeWorkTree({ run, directory: input.directory, scratch, status, limitBytes });
  const bundlePath = `${input.temporaryDirectory}/carried.bundle`;
  await writeBundle(git, { scratch, state, trees, bundlePath });
  return { work: { ...work, ...notCarried(leftBehind(state, trees.tooLarge)) }, bundlePath };
}

/** For the caller that finds the bundle larger than what is kept: nothing of it is. */
export function tooLargeToCarry(
  work: CarryResult['work'],
  input: { bytes: number; limitBytes: number },
): CarryResult['work'] {
  const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  const sentence =
    `The uncommitted and unpushed work is ${mebibytes(input.bytes)} MiB, ` +
    `more than the ${mebibytes(input.limitBytes)} MiB that are carried: none of it is.`;
  return { ...work, notCarried: work.notCarried === undefined ? sentence : `${sentence} ${work.notCarried}` };
}

type BundleInput = {
  scratch: Scratch;
  state: RepositoryState;
  trees: { index: string; workTree: string; intentToAdd: string[] };
  bundlePath: string;
};

async function writeBundle(git: Git, input: BundleInput): Promise<void> {
  const { scratch, state, trees, bundlePath } = input;
  const { branches, remoteBranches } = await readRefs(git);
  const record: CarryRecord = {
    version: 1,
    head: state.status.head,
    branch: state.status.branch,
    branches: branches.map(({ ref, commit }) => ({ name: ref.slice('refs/heads/'.length), head: commit })),
    intentToAdd: trees.intentToAdd,
    stashes: state.stashes,
  };
  const index = await commit(scratch.git, { tree: trees.index, parent: record.head, message: 'Index' });
  const carried = await commit(scratch.git, {
    tree: trees.workTree,
    parent: index,
    message: messageOf(record),
  });
  const refs = [
    { ref: carriedRef, commit: carried },
    ...branches,
    ...state.stashes.map((stash, position) => ({ ref: stashRef(position), commit: stash.commit })),
  ];
  await scratch.git.run(['update-ref', '--stdin'], {
    stdin: refs.map(({ ref, commit }) => `create ${ref} ${commit}\n`).join(''),
  });
  // Branches that the remote has are skipped by git with a warning: the record names them.
  const revisions = [...refs.map(({ ref }) => ref), ...remoteBranches.map(({ commit }) => `^${commit}`)];
  await scratch.git.run(['bundle', 'create', '--quiet', bundlePath, '--stdin'], {
    stdin: `${revisions.join('\n')}\n`,
  });
}

/** By a fixed author at a fixed time: the same work makes the same commits. */
const author = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((role) => [
    [`GIT_${role}_NAME`, 'Harvest'],
    [`GIT_${role}_EMAIL`, 'harvest@localhost'],
    [`GIT_${role}_DATE`, '@0 +0000'],
  ]),
);

async function commit(
  git: Git,
  input: { tree: string; parent: string | null; message: string },
): Promise<string> {
  const parent = input.parent === null ? [] : ['-p', input.parent];
  const args = ['commit-tree', input.tree, ...parent, '-F', '-'];
  const created = await git.run(args, { env: author, stdin: input.message });
  return created.trim();
}

function notCarried(sentences: readonly string[]): { notCarried?: string } {
  return sentences.length === 0 ? {} : { notCarried: sentences.join(' ') };
}
