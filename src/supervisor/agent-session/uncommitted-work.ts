/** Looks, as the agent user, whether a command of the agent would throw work away. */
import type { HasUncommittedWork } from '../../agent/tool-hook.ts';
import { safeGit } from '../../git/runner.ts';
import { createGitRunner } from '../repositories/git-runner.ts';
import type { Settings } from '../settings.ts';

export function uncommittedWorkIn(settings: Settings): HasUncommittedWork {
  const run = createGitRunner(settings, { PATH: settings.agentPath, HOME: settings.agentHome });
  return async (directory, work) => {
    const git = safeGit(run, directory);
    // `git reset` works on the whole repository, `git clean` from its folder downwards.
    const what = work === 'changes' ? ['--untracked-files=no'] : ['--untracked-files=normal', '--', '.'];
    const status = await git.try(['status', '--porcelain', '-z', ...what]);
    if (status.exitCode !== 0) return false;
    const lines = status.stdout.split('\0').filter((line) => line !== '');
    return lines.some((line) => line.startsWith('??') === (work === 'untracked'));
  };
}
