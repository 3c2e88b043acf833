/**
 * Child processes of the embedded stack. Each is a process group of its own, so that Ctrl-C in the terminal reaches only
 * us and the parts are ended in order; and each dies with its parent, also when the parent is killed by SIGKILL.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Environment = Readonly<Record<string, string | undefined>>;

export type GuardedSpawn = {
  argv: readonly string[];
  environment: Environment;
  stdio: StdioOptions;
  workingDirectory?: string;
  /** What a child gets when its parent dies; TERM for one that has to clean up. */
  deathSignal?: 'KILL' | 'TERM';
};

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/** A module beside this one, `.ts` in development and `.js` when built. */
export function siblingModule(name: string, from: string): string {
  return fileURLToPath(new URL(from.endsWith('.ts') ? `${name}.ts` : `${name}.js`, from));
}

function guardedArgv({ argv, deathSignal = 'KILL' }: GuardedSpawn): string[] {
  if (process.platform === 'linux' && setpriv !== undefined) {
    return [setpriv, '--pdeathsig', deathSignal, '--', ...argv];
  }
  return [process.execPath, siblingModule('guard', import.meta.url), deathSignal, ...argv];
}

/** Never throws: a program that cannot be started shows as the child's `error` event and in `childEnd`. */
export function spawnGuarded(request: GuardedSpawn): ChildProcess {
  const [program = '', ...rest] = guardedArgv(request);
  return spawn(program, rest, {
    cwd: request.workingDirectory,
    env: { ...request.environment },
    stdio: program === process.execPath ? withGuardPipe(request.stdio) : request.stdio,
    detached: true,
  });
}

/** The guard sees its parent's death as the end of descriptor 3. */
function withGuardPipe(stdio: StdioOptions): StdioOptions {
  const given = typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio];
  return [...given.slice(0, 3), 'pipe'];
}

export type ChildEnd = { code: number | null; signal: NodeJS.Signals | null; error?: Error };

/** How the child ended, or why it never started. */
export function childEnd(child: ChildProcess): Promise<ChildEnd> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

export function describeEnd(end: ChildEnd): string {
  if (end.error !== undefined) return end.error.message;
  return end.signal === null ? `exit code ${end.code}` : `ended by ${end.signal}`;
}

/** Signals the child's whole process group; false when it is gone. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** SIGTERM, then SIGKILL after `graceMs`; returns when the child has ended. */
export async function stopChild(child: ChildProcess, graceMs: number): Promise<void> {
  const ended = childEnd(child);
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
  // What the child itself left behind in its group.
  signalGroup(child, 'SIGKILL');
}
