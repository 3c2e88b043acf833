/**
 * A clone that came with a repo image, brought to where a clone of now would be. Until the start has ended nobody has worked
 * in it: what a build or an attempt before left in tracked files and local refs is nobody's work. What git does not track
 * stays, because that is what the image was built for. Every step may be repeated, wherever an attempt before was cut.
 */
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import { startSessionBranch, type CloneInput } from './clone.ts';
import { RepositoryUnavailable, startFailureOf } from './failures.ts';
import { readHead } from './heads.ts';
import { type Git, GitFailed, type GitRunner, safeGit } from './runner.ts';

/**
 * On the newest head of its branch. Null when the folder holds no clone of this repository that can be used. Rejects with
 * `RepositoryUnavailable` when it is the remote that cannot be had.
 */
export async function catchUpImageClone(run: GitRunner, input: CloneInput): Promise<RepositoryHead | null> {
  const git = safeGit(run, input.directory);
  try {
    if (!(await isCloneOf(git, input.url))) return null;
    await fetchBranches(git, input);
    await forgetBuild(git);
    await checkOut(git, input);
    return await readHead(run, input);
  } catch (error) {
    if (error instanceof GitFailed) return null;
    throw error;
  }
}

/** A clone has a commit checked out when everything it fetched is in place. */
async function isCloneOf(git: Git, url: string): Promise<boolean> {
  const [top, remote, head] = await Promise.all([
    git.try(['rev-parse', '--git-dir']),
    git.try(['config', '--local', 'remote.origin.url']),
    git.try(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']),
  ]);
  return top.stdout.trim() === '.git' && plain(remote.stdout.trim()) === plain(url) && head.exitCode === 0;
}

function plain(url: string): string {
  return url.replace(/\/+$/, '').replace(/\.git$/, '');
}

/** The session's branch by a pattern, which may match nothing. */
async function fetchBranches(git: Git, input: CloneInput): Promise<void> {
  const names = [input.branch, ...(input.sessionBranch === null ? [] : [`${input.sessionBranch}*`])];
  const needed = names.map((name) => `+refs/heads/${name}:refs/remotes/origin/${name}`);
  const fetched = await git.try(['fetch', '--quiet', '--prune', 'origin', ...needed]);
  if (fetched.exitCode === 0) return;
  throwIfUnavailable(input, fetched.stderr);
  // A branch may have the name of a folder that an old one is in: pruning them all makes room.
  const again = await git.try(['fetch', '--quiet', '--prune', 'origin']);
  if (again.exitCode === 0) return;
  throwIfUnavailable(input, again.stderr);
  throw new GitFailed('fetch', again);
}

function throwIfUnavailable(input: CloneInput, stderr: string): void {
  const failure = startFailureOf(input, stderr);
  if (failure.kind !== 'internal') throw new RepositoryUnavailable(failure);
}

/** They would be carried as the session's own work. */
async function forgetBuild(git: Git): Promise<void> {
  await git.try(['rebase', '--quit']);
  await git.run(['stash', 'clear']);
}

/** As after a clone, there are two local branches: the one the session starts from, and its own. */
async function checkOut(git: Git, input: CloneInput): Promise<void> {
  const { branch, sessionBranch } = input;
  const remote = `refs/remotes/origin/${branch}`;
  if (sessionBranch === null || sessionBranch === branch) {
    await git.run(['checkout', '--quiet', '--force', '--track', '-B', branch, remote, '--']);
  } else {
    await startSessionBranch(git, { branch, sessionBranch }, ['--force']);
  }
  const kept = new Set([branch, sessionBranch].map((name) => `refs/heads/${name}`));
  const there = (await git.run(['for-each-ref', '--format=%(refname)', 'refs/heads'])).split('\n');
  const others = there.filter((ref) => ref !== '' && !kept.has(ref));
  await git.run(['update-ref', '--stdin'], { stdin: others.map((ref) => `delete ${ref}\n`).join('') });
  if (sessionBranch !== null && sessionBranch !== branch)
    await git.run(['branch', '--quiet', '--force', '--track', branch, remote]);
}
