/** Runs an execution's code in its sandbox: never twice. What it wrote is known also when its sandbox is lost. */
import { bounds } from '../contracts/bounds.ts';
import { codeFileOf } from '../contracts/execution.ts';
import type { ExecutionLanguage } from '../contracts/execution.ts';
import { execEndEventId } from '../contracts/ids.ts';
import { textTail } from '../contracts/text-tail.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { followExec } from './follow-exec.ts';
import { tell } from './own-events.ts';
import type { CodeReport, RunCodeInput } from './types.ts';

/** An execution has one command. */
const execId = 'code';
/** Of the newest output, for the tails of code that was lost. */
const eventsRead = 1_000;

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
  const { language, code, files, workdir, timeoutSeconds } = input.code;
  const codeFile = codeFileOf(language);
  const sandbox = await deps.provider.attach(input.sandboxId);
  const followed = await followExec(
    { ...input, deps, sandbox, attempt, agent: false },
    {
      execId,
      argv: [interpreters[language], codeFile],
      cwd: workdir,
      timeoutSeconds,
      files: Object.entries({ ...files, [codeFile]: code }).map(([path, content]) => ({ path, content })),
    },
  );
  if (followed.kind === 'ended') {
    const { outcome, durationMs, stdout, stderr } = followed.record;
    return { kind: 'ended', outcome, durationMs, stdout, stderr };
  }
  const { cause, started, ended } = followed;
  if (!started) return { kind: 'not-run', cause };
  const end = ended ?? { outcome: { status: 'lost', message: cause } as const, durationMs: 0 };
  // Who follows the output waits for its end.
  await tell(deps, input, {
    eventId: execEndEventId(execId),
    body: { type: 'exec.finished', data: { execId, ...end } },
  });
  return { kind: 'ended', ...end, ...(await writtenSoFar(deps, input.sessionId)) };
}

async function writtenSoFar(
  { store }: ActivityDeps,
  ownerId: string,
): Promise<{ stdout: string; stderr: string }> {
  const outputs = await store.events.readLast(ownerId, { limit: eventsRead, types: ['exec.output'] });
  const tailOf = (stream: 'stdout' | 'stderr'): string => {
    const texts = outputs.flatMap((event) =>
      event.type === 'exec.output' && event.data.stream === stream ? event.data.text : [],
    );
    return textTail(texts.join(''), bounds.answerTailBytes);
  };
  return { stdout: tailOf('stdout'), stderr: tailOf('stderr') };
}
