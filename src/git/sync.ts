/**
 * Sync: bringing the session's branch up to date with the branch it started from, without ever losing work. Uncommitted work
 * becomes a snapshot commit, a checkpoint branch is put where the branch was, then the branch is rebased. Whatever does not
 * fit leaves branch, index and files as they were before, and is said. Commits of others on the session's own remote branch
 * are never rebased away: that is for a person, or the agent, to look at.
 *
 * The fetch comes first: it changes nothing that is anybody's work, and what needs no rebase needs no snapshot.
 * Not beside a git command of the agent in the same repository.
 */
import { startFailureOf } from './failures.ts';
import { type Git, GitFailed, type GitRunner, safeGit } from './runner.ts';
import { type RepositoryState, readState } from './repository-state.ts';
import { checkpointBranch, pruneCheckpoints } from './sync-checkpoint.ts';
import { takeSnapshot, undoSnapshot } from './sync-snapshot.ts';
import { foreignCommits, type ForeignCommit, isContained, wasRewritten } from './sync-upstream.ts';

export type SyncInput = {
  directory: string;
  /** The true URL, for sentences. */
  url: string;
  /** The branch the session started from. */
  branch: string;
  /** The session's own branch, which must be checked out. */
  sessionBranch: string;
  now: Date;
};

export type SyncResult =
  /** `from` and `to`: the branch before and after; `rebased`: its own commits now, with the snapshot when there is one. */
  | { kind: 'synced'; from: string; to: string; rebased: number; snapshot: boolean }
  /** Nothing to do: the branch has everything. Uncommitted work stays uncommitted. */
  | { kind: 'clean'; head: string }
  /** Everything is as before; the checkpoint branch holds it with the uncommitted work. */
  | { kind: 'conflict'; files: string[]; checkpoint: string }
  | { kind: 'foreign'; commits: ForeignCommit[] }
  | { kind: 'refused'; sentence: string };

/** Rejects with `GitFailed` only when git cannot even read the repository, or put it back. */
export async function syncBranch(run: GitRunner, input: SyncInput): Promise<SyncResult> {
  const git = safeGit(run, input.directory, { GIT_EDITOR: 'true', GIT_SEQUENCE_EDITOR: 'true' });
  const state = await readState(git);
  const notReady = whyNotReady(state, input.sessionBranch);
  if (notReady !== null) return { kind: 'refused', sentence: notReady };
  const fetched = await git.try(['fetch', '--quiet', '--prune', 'origin']);
  if (fetched.exitCode !== 0)
    return { kind: 'refused', sentence: `${startFailureOf(input, fetched.stderr).message}.` };
  await pruneCheckpoints(git, input.now);

  const head = state.status.head ?? '';
  const upstream = `refs/remotes/origin/${input.branch}`;
  const onto = await git.try(['rev-parse', '--verify', '--quiet', `${upstream}^{commit}`]);
  if (onto.exitCode !== 0)
    return { kind: 'refused', sentence: `The remote has no branch ${input.branch} any more.` };
  const commits = await foreignCommits(git, input.sessionBranch);
  if (commits.length > 0) return { kind: 'foreign', commits };
  if (await isContained(git, upstream, head)) return { kind: 'clean', head };
  if (await wasRewritten(git, upstream)) {
    const sentence = `The branch ${input.branch} was rewritten on the remote: what this session's branch builds on is no longer part of it.`;
    return { kind: 'refused', sentence };
  }
  const inTheWay = await ignoredInTheWay(git, { state, upstream });
  if (inTheWay.length > 0) {
    const sentence = `Files that git ignores here would be overwritten: ${inTheWay.slice(0, 5).join(', ')}.`;
    return { kind: 'refused', sentence };
  }
  return rebase(git, { ...input, state, head, onto: onto.stdout.trim() });
}

function whyNotReady({ status, inProgress }: RepositoryState, sessionBranch: string): string | null {
  const [operation] = inProgress;
  if (operation !== undefined) return `A ${operation} is in progress: end it, or abort it, first.`;
  if (status.entries.some(({ kind }) => kind === 'unmerged'))
    return 'There are conflicts that are not resolved.';
  if (status.branch === null) return `No branch is checked out: \`git checkout ${sessionBranch}\` first.`;
  if (status.branch !== sessionBranch)
    return `The branch ${status.branch} is checked out, not the session's branch ${sessionBranch}.`;
  if (status.head === null) return `The branch ${sessionBranch} has no commit yet.`;
  return null;
}

/** Git overwrites ignored files without a word when a commit brings a file of that name. */
async function ignoredInTheWay(
  git: Git,
  { state, upstream }: { state: RepositoryState; upstream: string },
): Promise<string[]> {
  const ignored = state.status.entries.filter(({ kind }) => kind === 'ignored').map(({ path }) => path);
  if (ignored.length === 0) return [];
  const args = ['diff', '--name-only', '--no-renames', '--diff-filter=A', '-z', `HEAD...${upstream}`, '--'];
  const added = (await git.run(args)).split('\0').filter((path) => path !== '');
  return added.filter((path) =>
    ignored.some((name) => (name.endsWith('/') ? path.startsWith(name) : path === name)),
  );
}

/** Nothing of the agent's own settings decides what becomes of its commits. */
const rebaseArguments: readonly string[] = [
  '-c',
  'rerere.enabled=false',
  'rebase',
  '--quiet',
  '--no-autosquash',
  '--no-autostash',
  '--no-fork-point',
  '--no-update-refs',
  '--no-verify',
];

type RebaseInput = SyncInput & { state: RepositoryState; head: string; onto: string };

async function rebase(git: Git, input: RebaseInput): Promise<SyncResult> {
  const { head, onto, sessionBranch } = input;
  const snapshot = await takeSnapshot(git, input.state);
  const tip = snapshot === null ? head : snapshot.commit;
  const checkpoint = checkpointBranch(sessionBranch, input.now);
  await git.run(['update-ref', `refs/heads/${checkpoint}`, tip]);
  const rebased = await git.try([...rebaseArguments, onto]);
  if (rebased.exitCode === 0) {
    await git.run(['update-ref', '-d', `refs/heads/${checkpoint}`, tip]);
    const to = (await git.run(['rev-parse', 'HEAD'])).trim();
    const count = Number((await git.run(['rev-list', '--count', `${onto}..HEAD`])).trim());
    return { kind: 'synced', from: head, to, rebased: count, snapshot: snapshot !== null };
  }
  const unmerged = await git.try(['diff', '--name-only', '--diff-filter=U', '-z']);
  const files = unmerged.stdout.split('\0').filter((path) => path !== '');
  await putBack(git, { sessionBranch, tip });
  if (snapshot !== null) await undoSnapshot(git, snapshot);
  if (files.length > 0) return { kind: 'conflict', files: files.map(readable), checkpoint };
  return { kind: 'refused', sentence: `The rebase failed: ${new GitFailed('rebase', rebased).message}.` };
}

/** Branch and files as they were when the rebase began. */
async function putBack(git: Git, at: { sessionBranch: string; tip: string }): Promise<void> {
  const aborted = await git.try(['rebase', '--abort']);
  const branch = await git.try(['symbolic-ref', '--quiet', '--short', 'HEAD']);
  const head = await git.run(['rev-parse', 'HEAD']);
  if (aborted.exitCode === 0 && branch.stdout.trim() === at.sessionBranch && head.trim() === at.tip) return;
  await git.try(['rebase', '--quit']);
  await git.run(['checkout', '--quiet', '--force', '--no-track', '-B', at.sessionBranch, at.tip, '--']);
}

/** Paths come as latin1 from the runner. */
function readable(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}
