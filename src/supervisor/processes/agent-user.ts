/**
 * Processes of the agent user. Owns how they are started: a session of their own, an environment from nothing, and a name
 * in it by which `sweep.ts` finds what they leave behind. Root never touches the agent user's files itself, because a link
 * there could point anywhere: it runs a program of the agent user that does.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Settings } from '../settings.ts';
import { runNameOf, runVariable } from './run-name.ts';
import { endRun } from './sweep.ts';

export type AgentUserProcess = {
  argv: readonly [string, ...string[]];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** From `runNameOf`. */
  run: string;
};

type AgentUserChild = ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable };

/** `error` is emitted on the child when it cannot be started. */
export function spawnAsAgentUser(
  settings: Settings,
  { argv: [command, ...args], cwd, env, run }: AgentUserProcess,
): AgentUserChild {
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

/** For a program that somebody waits for: what it reads may keep it waiting, or make it talk, for ever. */
type RunBounds = {
  /** Of this program alone, from `runNameOf`: out of bounds, all that belongs to it is ended. */
  run: string;
  timeoutMs: number;
  /** Of both outputs together; a stdout that is taken is not counted. */
  mostBytes: number;
};

export type RunOptions = {
  argv: readonly [string, ...string[]];
  cwd: string;
  env: Readonly<Record<string, string>>;
  stdin?: Readable | Buffer;
  /** Takes stdout, which is collected when absent. */
  takeStdout?: (stdout: Readable) => Promise<void>;
  /** Without them it may take as long, and say as much, as it likes. */
  bounds?: RunBounds;
};

type RunResult = { end: Ended; stdout: Buffer; stderr: string };

/** It did not end in time, or said more than it may. Nothing of it runs any more. */
export class AgentUserToolOutOfBounds extends Error {
  override readonly name = 'AgentUserToolOutOfBounds';
  readonly bound: 'time' | 'bytes';
  constructor(bound: 'time' | 'bytes') {
    super(bound === 'time' ? 'a program took too long' : 'a program said too much');
    this.bound = bound;
  }
}

/**
 * Runs a program to its end. Rejects when it cannot be started, and with `AgentUserToolOutOfBounds`; how it ended is a
 * result.
 */
export async function runAsAgentUser(settings: Settings, options: RunOptions): Promise<RunResult> {
  const { argv, cwd, env, bounds } = options;
  const run = bounds?.run ?? runNameOf(settings, 'tool');
  const child = spawnAsAgentUser(settings, { argv, cwd, env, run });
  const result = resultOf(child, options);
  if (bounds === undefined) return result;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new AgentUserToolOutOfBounds('time')), bounds.timeoutMs);
  try {
    return await Promise.race([result, late.promise]);
  } catch (error) {
    // What left the run may still hold the other ends.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    await endRun(settings, { name: run, ...rootIfAlive(child) });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function resultOf(
  child: AgentUserChild,
  { stdin, takeStdout, bounds }: RunOptions,
): Promise<RunResult> {
  const left = { bytes: bounds?.mostBytes ?? Number.POSITIVE_INFINITY };
  const [end, out, stderr] = await Promise.all([
    ended(child),
    takeStdout === undefined ? buffer(upTo(left, child.stdout)) : takeStdout(child.stdout),
    buffer(upTo(left, child.stderr)),
    feed(child.stdin, stdin),
  ]);
  return { end, stdout: out ?? Buffer.alloc(0), stderr: stderr.toString() };
}

async function* upTo(left: { bytes: number }, output: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of output as AsyncIterable<Buffer>) {
    left.bytes -= chunk.length;
    if (left.bytes < 0) throw new AgentUserToolOutOfBounds('bytes');
    yield chunk;
  }
}

/** The id of a process that ended may be another's by now. */
function rootIfAlive({ pid, exitCode, signalCode }: ChildProcess): { root?: number } {
  return pid !== undefined && exitCode === null && signalCode === null ? { root: pid } : {};
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
