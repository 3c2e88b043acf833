/** Runs one command for the caller, as the agent user, to its end. Never twice: whether it may is decided before. */
import { isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { SupervisorExecRequest } from '../../contracts/supervisor.ts';
import type { ExecOutcome } from '../../contracts/turn.ts';
import type { Recorder } from '../recorder.ts';
import { ended, runNameOf, spawnAsAgentUser, type Ended } from '../processes/agent-user.ts';
import { endRun } from '../processes/sweep.ts';
import type { Settings } from '../settings.ts';
import { writeExecFiles } from './exec-files.ts';
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

async function runCommand(input: ExecRunInput, cwd: string, output: OutputEvents): Promise<ExecOutcome> {
  const { settings, request, env } = input;
  const run = runNameOf(settings, `exec.${request.execId}`);
  const [command = '', ...args] = request.argv;
  try {
    if (request.files.length > 0) await writeExecFiles(settings, { cwd, files: request.files });
    // Throws by itself for what no process can be given: a NUL, or more than the kernel takes.
    const child = spawnAsAgentUser(settings, { argv: [command, ...args], cwd, env, run });
    child.stdin.on('error', () => undefined).end();
    child.once('exit', () => setTimeout(() => closeOutputs(child), outputsAfterEndMs));
    const stop = stopOnTime(input, { name: run, ...(child.pid === undefined ? {} : { root: child.pid }) });
    const [end] = await Promise.all([
      ended(child),
      take(child.stdout, (text) => output.add('stdout', text)),
      take(child.stderr, (text) => output.add('stderr', text)),
    ]).finally(stop.cancel);
    return (await stop.outcome()) ?? outcomeOf(end);
  } catch (error) {
    return { status: 'failed', message: sentenceOf(error, command) };
  } finally {
    output.end();
  }
}

/** Ends the run at its time limit, or when the exec is aborted. */
function stopOnTime({ settings, request, signal }: ExecRunInput, run: { name: string; root?: number }) {
  let stopped: Promise<ExecOutcome> | undefined;
  const stop = (outcome: ExecOutcome): void => {
    stopped ??= endRun(settings, run).then(() => outcome);
  };
  const timer = setTimeout(() => stop({ status: 'timed-out' }), request.timeoutSeconds * 1_000);
  const abort = (): void => stop({ status: 'lost', message: 'it was ended for a snapshot of the sandbox' });
  signal.addEventListener('abort', abort, { once: true });
  return {
    cancel: (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
    /** When all of it is gone; undefined when it ended by itself. */
    outcome: async (): Promise<ExecOutcome | undefined> => stopped,
  };
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
