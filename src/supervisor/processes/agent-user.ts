/**
 * Processes of the agent user. Owns how they are started: a session of their own, an environment from nothing, and a name
 * in it by which `sweep.ts` finds what they leave behind. Root never touches the agent user's files itself, because a link
 * there could point anywhere: it runs a program of the agent user that does.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Settings } from '../settings.ts';

/** In the environment of every process started for the agent user. */
export const runVariable = 'HARVEST_RUN';

/** Differs between supervisors that share one agent user, which only happens outside a sandbox. */
export function runPrefixOf(settings: Settings): string {
  return createHash('sha256').update(settings.statePath).digest('hex').slice(0, 16);
}

export function runNameOf(settings: Settings, name: string): string {
  return `${runPrefixOf(settings)}.${name}`;
}

export type AgentUserProcess = {
  argv: readonly [string, ...string[]];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** From `runNameOf`. */
  run: string;
};

/** `error` is emitted on the child when it cannot be started. */
export function spawnAsAgentUser(
  settings: Settings,
  { argv: [command, ...args], cwd, env, run }: AgentUserProcess,
): ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable } {
  return spawn(command, args, {
    cwd,
    env: { ...env, [runVariable]: run },
    uid: settings.agentUid,
    gid: settings.agentGid,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** How a process ended: by itself or by a signal, which is no exit code (I10). */
export type Ended = { exitCode: number } | { signal: NodeJS.Signals };

export function hasSucceeded(end: Ended): boolean {
  return 'exitCode' in end && end.exitCode === 0;
}

/** Resolves when the process has ended and its outputs are closed. Rejects when it could not be started. */
export async function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode: number | null, signal: NodeJS.Signals | null) => {
      if (signal !== null) resolve({ signal });
      else if (exitCode !== null) resolve({ exitCode });
      else reject(new Error('a process ended with neither an exit code nor a signal'));
    });
  });
}

export type RunOptions = {
  argv: readonly [string, ...string[]];
  cwd: string;
  env: Readonly<Record<string, string>>;
  stdin?: Readable | Buffer;
  /** Takes stdout, which is collected when absent. */
  takeStdout?: (stdout: Readable) => Promise<void>;
};

type RunResult = { end: Ended; stdout: Buffer; stderr: string };

/** Runs a program to its end. Rejects when it cannot be started; how it ended is a result. */
export async function runAsAgentUser(
  settings: Settings,
  { argv, cwd, env, stdin, takeStdout }: RunOptions,
): Promise<RunResult> {
  const child = spawnAsAgentUser(settings, { argv, cwd, env, run: runNameOf(settings, 'tool') });
  const [end, out, stderr] = await Promise.all([
    ended(child),
    takeStdout === undefined ? buffer(child.stdout) : takeStdout(child.stdout),
    buffer(child.stderr),
    feed(child.stdin, stdin),
  ]);
  return { end, stdout: out ?? Buffer.alloc(0), stderr: stderr.toString() };
}

/** A tool of the agent user that was to succeed and did not. */
export class AgentUserToolFailed extends Error {
  override readonly name = 'AgentUserToolFailed';
  readonly argv: readonly string[];
  readonly end: Ended;
  readonly stderr: string;
  constructor(argv: readonly string[], { end, stderr }: Pick<RunResult, 'end' | 'stderr'>) {
    const how = 'signal' in end ? `by ${end.signal}` : `with exit code ${end.exitCode}`;
    super(`${argv.join(' ')} ended ${how}: ${stderr.trim()}`);
    this.argv = argv;
    this.end = end;
    this.stderr = stderr;
  }
}

/** Runs a tool that belongs to no repository; resolves to what it printed. Rejects with `AgentUserToolFailed`. */
export async function runToSuccess(
  settings: Settings,
  tool: Pick<RunOptions, 'argv' | 'stdin' | 'takeStdout'>,
): Promise<Buffer> {
  const result = await runAsAgentUser(settings, { ...tool, cwd: '/', env: { PATH: settings.agentPath } });
  if (!hasSucceeded(result.end)) throw new AgentUserToolFailed(tool.argv, result);
  return result.stdout;
}

async function feed(input: Writable, from: Readable | Buffer = Buffer.alloc(0)): Promise<void> {
  try {
    await pipeline(Buffer.isBuffer(from) ? [from] : from, input);
  } catch (error) {
    // A program that ends without reading all of its input is no error.
    if (!inputClosed.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const inputClosed = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE']);
