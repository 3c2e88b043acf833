/** Runs one command for the caller, as the agent user, to its end. Never twice: whether it may is decided before. */
import { isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { SupervisorExecRequest } from '../../contracts/supervisor.ts';
import type { ExecOutcome } from '../../contracts/turn.ts';
import type { Recorder } from '../recorder.ts';
import { ended, spawnAsAgentUser, type Ended } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';
import { writeExecFiles } from './exec-files.ts';
import { stopOnTime, type ExecStop } from './exec-stop.ts';
import { OutputEvents } from './output-events.ts';

export type ExecRunInput = {
  settings: Settings;
  recorder: Recorder;
  request: SupervisorExecRequest;
  /** Where it runs unless the request says otherwise; a relative `cwd` starts here. */
  directory: string;
  env: Readonly<Record<string, string>>;
  /** Ends the command. */
  signal: AbortSignal;
};

const outputsAfterEndMs = 500;

/** Writes `exec.accepted` before it starts the command and `exec.ended` when all it started is gone. */
export async function runExec(input: ExecRunInput): Promise<void> {
  const { recorder, request } = input;
  const { execId, argv } = request;
  const cwd = directoryOf(input);
  const startedAtMs = performance.now();
  recorder.record({ kind: 'exec.accepted', execId });
  recorder.event({ type: 'exec.started', data: { execId, argv, cwd } });
  const output = new OutputEvents(recorder, execId);
  const outcome = await runCommand(input, cwd, output);
  const durationMs = Math.round(performance.now() - startedAtMs);
  const [stdout, stderr] = [output.tailOf('stdout'), output.tailOf('stderr')];
  recorder.record({ kind: 'exec.ended', execId, outcome, durationMs, output: output.tail, stdout, stderr });
}

/** Its time, and the abort, count from before its files are written: what comes meanwhile is heard. */
async function runCommand(input: ExecRunInput, cwd: string, output: OutputEvents): Promise<ExecOutcome> {
  const stop = stopOnTime(input);
  try {
    const outcome = await writeAndRun({ ...input, cwd, output, stop }).catch(failureOf);
    stop.cancel();
    return (await stop.outcome()) ?? outcome;
  } catch (error) {
    return failureOf(error);
  } finally {
    output.end();
  }
}

type Running = ExecRunInput & { cwd: string; output: OutputEvents; stop: ExecStop };

async function writeAndRun({ settings, request, env, cwd, output, stop }: Running): Promise<ExecOutcome> {
  const [command = '', ...args] = request.argv;
  const { run, signal } = stop;
  if (request.files.length > 0) await writeExecFiles(settings, { cwd, files: request.files, run, signal });
  signal.throwIfAborted();
  try {
    // Throws by itself for what no process can be given: a NUL, or more than the kernel takes.
    const child = spawnAsAgentUser(settings, { argv: [command, ...args], cwd, env, run });
    stop.started(child.pid);
    child.stdin.on('error', () => undefined).end();
    child.once('exit', () => setTimeout(() => closeOutputs(child), outputsAfterEndMs));
    const [end] = await Promise.all([
      ended(child),
      take(child.stdout, (text) => output.add('stdout', text)),
      take(child.stderr, (text) => output.add('stderr', text)),
    ]);
    return outcomeOf(end);
  } catch (error) {
    throw new Error(sentenceOf(error, command), { cause: error });
  }
}

/** What the command left in the background may hold its outputs open: that does not keep the exec from ending. */
function closeOutputs(child: { stdout: Readable; stderr: Readable }): void {
  child.stdout.destroy();
  child.stderr.destroy();
}

async function take(stream: Readable, use: (text: string) => void): Promise<void> {
  stream.setEncoding('utf8');
  stream.on('data', use);
  await finished(stream).catch(() => undefined);
}

function outcomeOf(end: Ended): ExecOutcome {
  return 'signal' in end
    ? { status: 'signalled', signal: end.signal }
    : { status: 'exited', exitCode: end.exitCode };
}

function failureOf(error: unknown): ExecOutcome {
  return { status: 'failed', message: error instanceof Error ? error.message : String(error) };
}

function sentenceOf(error: unknown, command: string): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return `the program ${command}, or the folder it was to run in, does not exist`;
  if (code === 'EACCES') return `the agent user may not run ${command}`;
  return `${command} could not be started: ${error instanceof Error ? error.message : String(error)}`;
}

function directoryOf({ request: { cwd }, directory }: ExecRunInput): string {
  if (cwd === undefined) return directory;
  return isAbsolute(cwd) ? cwd : join(directory, cwd);
}
