/** Git as the agent user: hooks, filters and files of a repository never run or are read as root. */
import { constants } from 'node:os';
import type { GitRunner } from '../../git/runner.ts';
import { runAsAgentUser, type Ended } from '../processes/agent-user.ts';
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
      exitCode: exitCodeOf(result.end),
      stdout: result.stdout.toString('latin1'),
      stderr: result.stderr,
    };
  };
}

/** As shells do: 128 + n for signal n, so that it is never success (I10). */
function exitCodeOf(end: Ended): number {
  return 'signal' in end ? 128 + constants.signals[end.signal] : end.exitCode;
}
