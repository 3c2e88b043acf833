/** Getting a repository into its folder and onto the session's branch. */
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import { RepositoryUnavailable, startFailureOf } from './failures.ts';
import { isSessionBranch, readHead } from './heads.ts';
import { type Git, type GitRunner, safeGit } from './runner.ts';

export type CloneInput = {
  /** The folder name, by which events call the repository. */
  repository: string;
  /** The true URL; `insteadOf` in the runner's environment may send it elsewhere. */
  url: string;
  /** The branch the session starts from. */
  branch: string;
  /** An absolute path that does not exist, or is an empty folder. */
  directory: string;
  /** The session's own branch. Null: there is none, and the repository stays on `branch`. */
  sessionBranch: string | null;
};

/** A full clone with its branch checked out. Rejects with `RepositoryUnavailable`. */
export async function cloneRepository(run: GitRunner, input: CloneInput): Promise<RepositoryHead> {
  const above = safeGit(run, '/');
  const cloned = await above.try([
    'clone',
    '--quiet',
    '--branch',
    input.branch,
    '--',
    input.url,
    input.directory,
  ]);
  if (cloned.exitCode !== 0) throw new RepositoryUnavailable(startFailureOf(input, cloned.stderr));
  const { branch, sessionBranch } = input;
  if (sessionBranch !== null)
    await startSessionBranch(safeGit(run, input.directory), { branch, sessionBranch });
  return readHead(run, input);
}

/**
 * Brings a folder that already holds the repository up to date with its remote: the session's branch and the work tree
 * stay as they are. Rejects with `RepositoryUnavailable`.
 */
export async function fetchRepository(run: GitRunner, input: CloneInput): Promise<RepositoryHead> {
  const git = safeGit(run, input.directory);
  const fetched = await git.try(['fetch', '--quiet', '--prune', 'origin']);
  if (fetched.exitCode !== 0) throw new RepositoryUnavailable(startFailureOf(input, fetched.stderr));
  return readHead(run, input);
}

/**
 * Whether the folder holds a clone that was ended: the session's branch is its last step, and without one nobody knows. A
 * snapshot of a session that this one was forked from has that one's branch, which becomes this one's: index and files stay
 * as they are.
 */
export async function holdsClone(run: GitRunner, input: CloneInput): Promise<boolean> {
  if (input.sessionBranch === null) return false;
  const git = safeGit(run, input.directory);
  const own = `refs/heads/${input.sessionBranch}`;
  const [top, branch] = await Promise.all([
    git.try(['rev-parse', '--git-dir']),
    git.try(['rev-parse', '--verify', '--quiet', own]),
  ]);
  if (top.stdout.trim() !== '.git') return false;
  if (branch.exitCode === 0) return true;
  const source = await otherSessionsBranch(git);
  if (source === null) return false;
  return (await git.try(['branch', '--move', source, input.sessionBranch])).exitCode === 0;
}

async function otherSessionsBranch(git: Git): Promise<string | null> {
  const prefix = 'refs/heads/';
  const [head, listed] = await Promise.all([
    git.try(['symbolic-ref', '--quiet', 'HEAD']),
    git.run(['for-each-ref', '--format=%(refname)', prefix]),
  ]);
  const names = listed
    .split('\n')
    .map((ref) => ref.slice(prefix.length))
    .filter(isSessionBranch);
  const current = head.stdout.trim().slice(prefix.length);
  if (names.includes(current)) return current;
  return names.length === 1 ? (names[0] ?? null) : null;
}

/**
 * The session's branch as the remote has it when it was pushed before, else new from the branch the session starts from.
 * `force`: whatever tracked files hold.
 */
export async function startSessionBranch(
  git: Git,
  { branch, sessionBranch }: { branch: string; sessionBranch: string },
  force: readonly '--force'[] = [],
): Promise<void> {
  const pushed = `refs/remotes/origin/${sessionBranch}`;
  const known = await git.try(['rev-parse', '--verify', '--quiet', `${pushed}^{commit}`]);
  const start = known.exitCode === 0 ? pushed : `refs/remotes/origin/${branch}`;
  await git.run(['checkout', '--quiet', ...force, '--no-track', '-B', sessionBranch, start, '--']);
}
