/** Looks, as the agent user, whether a command of the agent would throw work away. */
import type { HasUncommittedWork } from '../../agent/tool-hook.ts';
import { safeGit } from '../../git/runner.ts';
import { holdsWork } from '../../git/status.ts';
import { createGitRunner } from '../repositories/git-runner.ts';
import type { Settings } from '../settings.ts';

/** The agent waits for the answer, and a filter of the repository can keep git busy for ever. */
const defaultBounds = { timeoutMs: 20_000, mostBytes: 1024 * 1024 };

export function uncommittedWorkIn(settings: Settings, bounds = defaultBounds): HasUncommittedWork {
  const env = { PATH: settings.agentPath, HOME: settings.agentHome };
  const run = createGitRunner(settings, env, { name: 'look', ...bounds });
  return async (directory, work) => {
    try {
      return await holdsWork(safeGit(run, directory), work);
    } catch {
      // What could not be looked through may hold some, and a snapshot too many harms nobody.
      return true;
    }
  };
}
