/**
 * Git in a repository of the agent, for a push that waits for the answer: bounded in time and bytes, because what lies in
 * the repository can keep git waiting or make it talk for ever (a pipe in place of a file is enough).
 */
import type { GitRunner } from '../../git/runner.ts';
import { ended, hasSucceeded, runNameOf, spawnAsAgentUser } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';

/** Git did not end in time, or said more than it may. */
class GitOutOfBounds extends Error {
  override readonly name = 'GitOutOfBounds';
  readonly bound: 'time' | 'bytes';
  constructor(bound: 'time' | 'bytes') {
    super(bound === 'time' ? 'git took too long' : 'git said too much');
    this.bound = bound;
  }
}

type GitBounds = { timeoutMs: number; mostBytes: number };

/** As the agent user, without the agent's environment: no ticket. Rejects with `GitOutOfBounds`; nothing is left running. */
export function createBoundedGit(settings: Settings, { timeoutMs, mostBytes }: GitBounds): GitRunner {
  return async (args, options = {}) => {
    const child = spawnAsAgentUser(settings, {
      argv: [options.program ?? 'git', ...args],
      cwd: '/',
      env: { PATH: settings.agentPath, HOME: settings.agentHome, ...options.env },
      run: runNameOf(settings, 'tool'),
    });
    // It may end without reading: its answer counts then, not the broken pipe.
    child.stdin.on('error', ignore);
    child.stdin.end(Buffer.from(options.stdin ?? '', 'latin1'));
    const said: Buffer[] = [];
    const outcome = Promise.withResolvers<never>();
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) outcome.reject(new GitOutOfBounds('bytes'));
      else said.push(chunk);
    });
    child.stderr.resume();
    const timer = setTimeout(() => outcome.reject(new GitOutOfBounds('time')), timeoutMs);
    try {
      const end = await Promise.race([ended(child), outcome.promise]);
      const stdout = Buffer.concat(said).toString('latin1');
      return { exitCode: hasSucceeded(end) ? 0 : 1, stdout, stderr: '' };
    } finally {
      clearTimeout(timer);
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
        killGroup(child.pid);
      // A process that left its group may still hold the other ends.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    }
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ignore(): void {
  // See where it is used.
}
