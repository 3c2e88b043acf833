/** Follows one command of the supervisor to its end, or attaches to it: re-attachable like a turn, and never started twice. */
import type { JournalRecord, SupervisorExecRequest } from '../contracts/supervisor.ts';
import type { ExecOutcome } from '../contracts/turn.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import { stayAttached } from './attach.ts';
import type { Attachment } from './attach.ts';
import { JournalPump } from './journal-pump.ts';
import { SupervisorAbsent } from './supervisor-client.ts';

const longestMessage = 1_000;
/** Of a session's newest: more commands than can wait. */
const endsRead = 100;

export type FollowedExec =
  | { kind: 'ended'; record: Omit<Extract<JournalRecord, { kind: 'exec.ended' }>, 'kind' | 'at' | 'execId'> }
  /** Its sandbox. `ended`: what the event log has of its end; its output is there, too. `started` false: nothing of it ran. */
  | {
      kind: 'lost';
      cause: string;
      started: boolean;
      ended: { outcome: ExecOutcome; durationMs: number } | null;
    };

type ExecContext = Attachment & { sessionId: string };

/** A lost sandbox is an answer, not an error: the workflow decides (I1). A repeat attaches (I2). */
export async function followExec(
  context: ExecContext,
  body: Omit<SupervisorExecRequest, 'from' | 'files'> & Partial<Pick<SupervisorExecRequest, 'files'>>,
): Promise<FollowedExec> {
  const { attempt } = context;
  const pump = new JournalPump({ ...context, signal: attempt.signal });
  try {
    const record = await stayAttached(context, () => pump.stream('/exec', body));
    if (record?.kind !== 'exec.ended') throw new SupervisorAbsent('the exec ended without its record');
    const { outcome, durationMs, output, stdout, stderr } = record;
    return {
      kind: 'ended',
      record: { outcome: withShortMessage(outcome), durationMs, output, stdout, stderr },
    };
  } catch (error) {
    if (!(error instanceof SandboxLost)) throw error;
    // An attempt before this one may have sent it, too.
    const started = attempt.number > 1 || pump.reached;
    return { kind: 'lost', cause: error.message, started, ended: await endInLog(context, body.execId) };
  }
}

/** The sandbox may be lost after the exec's end came out of it. */
async function endInLog({ deps, sessionId }: ExecContext, execId: string) {
  const types = ['exec.finished'] as const;
  for (const end of await deps.store.events.readLast(sessionId, { limit: endsRead, types }))
    if (end.type === 'exec.finished' && end.data.execId === execId)
      return { outcome: withShortMessage(end.data.outcome), durationMs: end.data.durationMs };
  return null;
}

/** A message may repeat what was asked for; the history wants a sentence (I6). */
function withShortMessage(outcome: ExecOutcome): ExecOutcome {
  return 'message' in outcome ? { ...outcome, message: outcome.message.slice(0, longestMessage) } : outcome;
}
