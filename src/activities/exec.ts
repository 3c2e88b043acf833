/** Runs one exec in the supervisor, or attaches to it: re-attachable like a turn, and never started twice. */
import type { ExecOutcome } from '../contracts/turn.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import { stayAttached } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { JournalPump } from './journal-pump.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import type { ExecReport, RunExecInput } from './types.ts';

const longestMessage = 1_000;

/** A lost sandbox is a report, not a failure: the workflow decides (I1). A repeat attaches (I2). */
export async function runExec(
  deps: ActivityDeps,
  input: RunExecInput,
  attempt: Attempt,
): Promise<ExecReport> {
  const { sessionId, generation, exec } = input;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const pump = new JournalPump({ deps, sandbox, sessionId, generation, signal: attempt.signal });
  const body = {
    execId: exec.id,
    argv: exec.argv,
    timeoutSeconds: exec.timeoutSeconds,
    ...(exec.cwd === undefined ? {} : { cwd: exec.cwd }),
  };
  try {
    const record = await stayAttached({ ...input, deps, sandbox, attempt }, () => pump.stream('/exec', body));
    if (record?.kind !== 'exec.ended') throw new SupervisorAbsent('the exec ended without its record');
    return { kind: 'ended', outcome: withShortMessage(record.outcome), output: record.output };
  } catch (error) {
    if (!(error instanceof SandboxLost)) throw error;
    const ended = await endedInLog(deps, input);
    // An attempt before this one may have sent it, too.
    const started = attempt.number > 1 || pump.reached;
    return ended ?? { kind: 'sandbox-lost', cause: error.message, started };
  }
}

/** The sandbox may be lost after the exec's end came out of it; its output is in the event log. */
async function endedInLog(deps: ActivityDeps, { sessionId, exec }: RunExecInput): Promise<ExecReport | null> {
  const ends = await deps.store.events.readLast(sessionId, { limit: 100, types: ['exec.finished'] });
  for (const end of ends) {
    if (end.type === 'exec.finished' && end.data.execId === exec.id)
      return { kind: 'ended', outcome: end.data.outcome, output: '' };
  }
  return null;
}

/** A message may repeat what was asked for; the history wants a sentence (I6). */
function withShortMessage(outcome: ExecOutcome): ExecOutcome {
  return 'message' in outcome ? { ...outcome, message: outcome.message.slice(0, longestMessage) } : outcome;
}
