/** Git as the agent user: hooks, filters and files of a repository never run or are read as root. */
import { constants } from 'node:os';
import type { GitRunner } from '../../git/runner.ts';
import { runAsAgentUser, type Ended, type RunOptions } from '../processes/agent-user.ts';
import { runNameOf } from '../processes/run-name.ts';
import type { Settings } from '../settings.ts';

/** A server that falls silent must not hold a start for ever. */
const patience = { GIT_HTTP_LOW_SPEED_LIMIT: '100', GIT_HTTP_LOW_SPEED_TIME: '60' };

/** For a caller that somebody waits for: a pipe in place of a file of the repository is enough to keep git waiting. */
type GitBounds = {
  /** What the git runs are for: `push` makes runs `push.1`, `push.2` … */
  name: string;
  timeoutMs: number;
  /** Of what one git says. */
  mostBytes: number;
};

/** Of all bounded runners together: to end one git is to end no other. */
let boundedRuns = 0;

/**
 * `env`: the agent's own. Standard streams are `latin1` both ways, as file names need not be UTF-8. With `bounds` the runner
 * rejects with `AgentUserToolOutOfBounds`, and leaves nothing running.
 */
export function createGitRunner(
  settings: Settings,
  env: Readonly<Record<string, string>>,
  bounds?: GitBounds,
): GitRunner {
  return async (args, options = {}) => {
    const result = await runAsAgentUser(settings, {
      argv: [options.program ?? 'git', ...args],
      cwd: '/',
      env: { ...patience, ...env, ...options.env },
      ...(options.stdin === undefined ? {} : { stdin: Buffer.from(options.stdin, 'latin1') }),
      ...(bounds === undefined ? {} : { bounds: boundsOfRun(settings, bounds) }),
    });
    return {
      exitCode: exitCodeOf(result.end),
      stdout: result.stdout.toString('latin1'),
      stderr: result.stderr,
    };
  };
}

function boundsOfRun(
  settings: Settings,
  { name, timeoutMs, mostBytes }: GitBounds,
): NonNullable<RunOptions['bounds']> {
  boundedRuns += 1;
  return { run: runNameOf(settings, `${name}.${boundedRuns}`), timeoutMs, mostBytes };
}

/** As shells do: 128 + n for signal n, so that it is never success (I10). */
function exitCodeOf(end: Ended): number {
  return 'signal' in end ? 128 + constants.signals[end.signal] : end.exitCode;
}
