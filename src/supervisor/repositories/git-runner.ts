/** Git as the agent user: hooks, filters and files of a repository never run or are read as root. */
import type { GitRunner } from '../../git/runner.ts';
import { runAsAgentUser } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';

/** A server that falls silent must not hold a start for ever. */
const patience = { GIT_HTTP_LOW_SPEED_LIMIT: '100', GIT_HTTP_LOW_SPEED_TIME: '60' };

/** `env`: the agent's own. Standard streams are `latin1` both ways, as file names need not be UTF-8. */
export function createGitRunner(settings: Settings, env: Readonly<Record<string, string>>): GitRunner {
  return async (args, options = {}) => {
    const result = await runAsAgentUser(settings, {
      argv: [options.program ?? 'git', ...args],
      cwd: '/',
      env: { ...patience, ...env, ...options.env },
      ...(options.stdin === undefined ? {} : { stdin: Buffer.from(options.stdin, 'latin1') }),
    });
    return {
      // Ended by a signal is never success (I10).
      exitCode: result.exitCode ?? 128,
      stdout: result.stdout.toString('latin1'),
      stderr: result.stderr,
    };
  };
}
