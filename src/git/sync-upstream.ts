/** What the remote has, compared with what this repository has seen and made. */
import type { Git } from './runner.ts';

export type ForeignCommit = { commit: string; author: string; subject: string };

export async function isContained(git: Git, ref: string, head: string): Promise<boolean> {
  return (await git.try(['merge-base', '--is-ancestor', ref, head])).exitCode === 0;
}

/**
 * Commits on the remote's branch of the session that are neither in the local branch nor ever were: what was amended or
 * rebased here after a push is the session's own. The branch's reflog knows; in a fresh clone it is empty, and then what was
 * rewritten before counts as foreign: rather stopped once too often.
 */
export async function foreignCommits(git: Git, sessionBranch: string): Promise<ForeignCommit[]> {
  const local = `refs/heads/${sessionBranch}`;
  const remote = `refs/remotes/origin/${sessionBranch}`;
  const known = await git.try(['rev-parse', '--verify', '--quiet', `${remote}^{commit}`]);
  if (known.exitCode !== 0) return [];
  const reflog = await git.try(['log', '--walk-reflogs', '--format=%H', local, '--']);
  const own = new Set(reflog.stdout.split('\n').filter((line) => line !== ''));
  const log = [
    'log',
    '-z',
    '--encoding=UTF-8',
    '--format=%H%x09%an <%ae>%x09%s',
    '--ignore-missing',
    '--stdin',
  ];
  const listed = await git.run(log, {
    stdin: [remote, `^${local}`, ...[...own].map((id) => `^${id}`)].join('\n') + '\n',
  });
  return listed
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const [commit = '', author = '', ...subject] = Buffer.from(record, 'latin1')
        .toString('utf8')
        .split('\t');
      return { commit, author, subject: subject.join('\t') };
    });
}

/** The local branch builds on commits that the remote's branch had once and has no more. */
export async function wasRewritten(git: Git, upstream: string): Promise<boolean> {
  const [forkPoint, common] = await Promise.all([
    git.try(['merge-base', '--fork-point', upstream, 'HEAD']),
    git.try(['merge-base', upstream, 'HEAD']),
  ]);
  // No history in common at all.
  if (common.exitCode !== 0) return true;
  return forkPoint.exitCode === 0 && forkPoint.stdout.trim() !== common.stdout.trim();
}
