/** Runs an execution's code in its sandbox, or attaches to it: never twice. What it wrote is known also when its sandbox is lost. */
import { bounds } from '../contracts/bounds.ts';
import { codeFileOf } from '../contracts/execution.ts';
import type { ExecutionLanguage } from '../contracts/execution.ts';
import { textTail } from '../contracts/text-tail.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import { stayAttached } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { JournalPump } from './journal-pump.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import type { CodeReport, RunCodeInput } from './types.ts';

/** An execution has one command. */
const execId = 'code';
/** Of the newest output: several times the tails that are asked for. */
const eventsRead = 200;

const interpreters: Readonly<Record<ExecutionLanguage, string>> = {
  python: 'python3',
  node: 'node',
  bash: 'bash',
};

export async function runCode(
  deps: ActivityDeps,
  input: RunCodeInput,
  attempt: Attempt,
): Promise<CodeReport> {
  const { sessionId, generation, execution } = input;
  const { language, code, files, workdir, timeoutSeconds } = execution;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const pump = new JournalPump({ deps, sandbox, sessionId, generation, signal: attempt.signal });
  const body = {
    execId,
    argv: [interpreters[language], codeFileOf(language)],
    cwd: workdir,
    timeoutSeconds,
    files: Object.entries({ ...files, [codeFileOf(language)]: code }).map(([path, content]) => ({
      path,
      content,
    })),
  };
  try {
    const context = { ...input, deps, sandbox, attempt, agent: false };
    const record = await stayAttached(context, () => pump.stream('/exec', body));
    if (record?.kind !== 'exec.ended') throw new SupervisorAbsent('the code ended without its record');
    const { outcome, durationMs, stdout, stderr } = record;
    return { kind: 'ended', outcome, durationMs, stdout, stderr };
  } catch (error) {
    if (!(error instanceof SandboxLost)) throw error;
    // An attempt before this one may have sent it, too.
    if (attempt.number === 1 && !pump.reached) return { kind: 'not-run', cause: error.message };
    return lostCode(deps, sessionId, error.message);
  }
}

/** The sandbox may be lost after the end of the code came out of it. */
async function lostCode(
  { store }: ActivityDeps,
  ownerId: string,
  cause: string,
): Promise<Extract<CodeReport, { kind: 'ended' }>> {
  const [end] = await store.events.readLast(ownerId, { limit: 1, types: ['exec.finished'] });
  const known = end?.type === 'exec.finished' ? end.data : null;
  const outputs = await store.events.readLast(ownerId, { limit: eventsRead, types: ['exec.output'] });
  const tailOf = (stream: 'stdout' | 'stderr'): string => {
    const texts = outputs.flatMap((event) =>
      event.type === 'exec.output' && event.data.stream === stream ? event.data.text : [],
    );
    return textTail(texts.join(''), bounds.answerTailBytes);
  };
  return {
    kind: 'ended',
    outcome: known?.outcome ?? { status: 'lost', message: cause },
    durationMs: known?.durationMs ?? 0,
    stdout: tailOf('stdout'),
    stderr: tailOf('stderr'),
  };
}
