/** Runs one turn in the supervisor, or attaches to it, and reports how it ended. The workflow decides what follows (I1). */
import { bounds } from '../contracts/bounds.ts';
import { isTurnEnd, turnEndTypes } from '../contracts/events.ts';
import type { TurnEndEvent } from '../contracts/events.ts';
import { turnCheckpointId } from '../contracts/ids.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import type { TurnOutcome } from '../contracts/turn.ts';
import { textTail } from '../contracts/text-tail.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import { stayAttached } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { letGo } from './interrupt.ts';
import { JournalPump } from './journal-pump.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import type { RunTurnInput, TurnReport } from './types.ts';

/** A lost sandbox and a lost agent are reports, not failures. A repeat attaches (I2). */
export async function runTurn(
  deps: ActivityDeps,
  input: RunTurnInput,
  attempt: Attempt,
): Promise<TurnReport> {
  const { sessionId, generation, turnId, text, continuation, notice } = input;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const pump = new JournalPump({
    deps,
    sandbox,
    sessionId,
    generation,
    signal: attempt.signal,
    onProgress: (cursor) => attempt.report({ journal: cursor }),
  });
  const body = { turnId, text, continuation, ...(notice === undefined ? {} : { notice }) };
  try {
    const record = await stayAttached({ ...input, deps, sandbox, attempt }, () =>
      pump.stream('/turns', body),
    );
    return await reportOf(record, pump);
  } catch (error) {
    if (error instanceof SandboxLost) {
      const ended = await endedInLog(deps, input);
      if (ended !== null) return ended;
      // An attempt before this one may have sent it, too; and an activity before this one, which the event log knows.
      const started = attempt.number > 1 || pump.reached || (await hasStarted(deps, input));
      return { kind: 'sandbox-lost', cause: error.message, started };
    }
    if (attempt.cancelRequested()) await letGo(sandbox, turnId);
    throw error;
  }
}

async function reportOf(record: JournalRecord | null, pump: JournalPump): Promise<TurnReport> {
  if (record?.kind === 'turn.lost') {
    return { kind: 'agent-lost', cause: record.cause, losses: record.losses, message: record.message };
  }
  if (record?.kind !== 'turn.ended') throw new SupervisorAbsent('the turn ended without its record');
  return {
    kind: 'ended',
    outcome: record.outcome,
    answer: textTail(record.answer, bounds.answerTailBytes),
    totals: record.totals,
    checkpoint: await pump.checkpointOf(record),
  };
}

/** Whether the turn had begun in this generation, as far as the journal came out of the sandbox. */
async function hasStarted(deps: ActivityDeps, input: RunTurnInput): Promise<boolean> {
  const [begun] = await deps.store.events.readLast(input.sessionId, { limit: 1, types: ['turn.started'] });
  return begun !== undefined && begun.turnId === input.turnId && begun.generation === input.generation;
}

/** I3: the sandbox may be lost after the turn's end came out of it. */
async function endedInLog(deps: ActivityDeps, input: RunTurnInput): Promise<TurnReport | null> {
  const { sessionId, turnId } = input;
  const checkpoint = await deps.store.checkpoints.find(sessionId, turnCheckpointId(turnId));
  const ends = await deps.store.events.readLast(sessionId, { limit: 1, types: turnEndTypes });
  const end = ends.find((event) => event.turnId === turnId);
  if (checkpoint === null || end === undefined || !isTurnEnd(end)) return null;
  const { answer, costUsd, usage, durationMs } = end.data;
  const totals = { costUsd, usage, durationMs };
  return {
    kind: 'ended',
    outcome: outcomeOf(end),
    answer: textTail(answer, bounds.answerTailBytes),
    totals,
    checkpoint,
  };
}

function outcomeOf(end: TurnEndEvent): TurnOutcome {
  switch (end.type) {
    case 'turn.completed':
      return { status: 'completed' };
    case 'turn.interrupted':
      return { status: 'interrupted' };
    case 'turn.failed':
      return { status: 'failed', failure: end.data.failure };
  }
}
