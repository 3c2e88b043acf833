/** Where a repository stands. */
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import { type GitRunner, safeGit } from './runner.ts';

/** The `head` of a branch without a commit. */
export const noCommit = '0'.repeat(40);

/** Of some session: this one, or one that it was forked from. */
export function isSessionBranch(branch: string): boolean {
  return branch.startsWith('harvest/');
}

export async function readHead(
  run: GitRunner,
  input: { repository: string; directory: string },
): Promise<RepositoryHead> {
  const git = safeGit(run, input.directory);
  const branch = await git.try(['symbolic-ref', '--quiet', 'HEAD']);
  const head = await git.try(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  return {
    repository: input.repository,
    branch: branch.exitCode === 0 ? branch.stdout.trim().replace(/^refs\/heads\//, '') : null,
    head: head.exitCode === 0 ? head.stdout.trim() : noCommit,
  };
}
