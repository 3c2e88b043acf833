/** What came out of a sandbox of a turn before the sandbox was lost. */
import { bounds } from '../contracts/bounds.ts';
import { isTurnEnd, turnEndTypes } from '../contracts/events.ts';
import type { TurnEndEvent } from '../contracts/events.ts';
import { turnCheckpointId } from '../contracts/ids.ts';
import { textTail } from '../contracts/text-tail.ts';
import type { TurnOutcome } from '../contracts/turn.ts';
import type { ActivityDeps } from './deps.ts';
import { suspendedCheckpointId } from './turn-checkpoint.ts';
import type { RunTurnInput, TurnReport } from './types.ts';

type Stored = Pick<ActivityDeps, 'store'>;

/** Whether the turn had begun in this generation, as far as the journal came out of the sandbox. */
export async function hasStarted({ store }: Stored, input: RunTurnInput): Promise<boolean> {
  const [begun] = await store.events.readLast(input.sessionId, { limit: 1, types: ['turn.started'] });
  return begun !== undefined && begun.turnId === input.turnId && begun.generation === input.generation;
}

/** I3: the sandbox may be lost after the turn's end, or its suspension, came out of it. */
export async function stoppedInStore(deps: Stored, input: RunTurnInput): Promise<TurnReport | null> {
  return (await endedInLog(deps, input)) ?? suspendedInStore(deps, input);
}

async function endedInLog({ store }: Stored, input: RunTurnInput): Promise<TurnReport | null> {
  const { sessionId, turnId } = input;
  const checkpoint = await store.checkpoints.find(sessionId, turnCheckpointId(turnId));
  const ends = await store.events.readLast(sessionId, { limit: 1, types: turnEndTypes });
  const end = ends.find((event) => event.turnId === turnId);
  if (checkpoint === null || end === undefined || !isTurnEnd(end)) return null;
  const { answer, costUsd, usage, durationMs } = end.data;
  return {
    kind: 'ended',
    outcome: outcomeOf(end),
    answer: textTail(answer, bounds.answerTailBytes),
    totals: { costUsd, usage, durationMs },
    checkpoint,
    steered: await steeredInLog({ store }, input),
  };
}

/** More than can be said within one turn. */
const steersRead = 200;

/** The prompts that were said within the turn: their records come before the turn's end. */
export async function steeredInLog(
  { store }: Stored,
  { sessionId, turnId }: Pick<RunTurnInput, 'sessionId' | 'turnId'>,
): Promise<string[]> {
  const told = await store.events.readLast(sessionId, { limit: steersRead, types: ['turn.steered'] });
  return told.flatMap((event) =>
    event.type === 'turn.steered' && event.turnId === turnId ? [event.data.promptId] : [],
  );
}

/** Its point is kept, and of what it used the cost; the rest was in a record that is gone with the sandbox. */
async function suspendedInStore({ store }: Stored, input: RunTurnInput): Promise<TurnReport | null> {
  const { sessionId, turnId, generation, costUsd, carriedOver } = input;
  const checkpoint = await store.checkpoints.find(sessionId, suspendedCheckpointId(turnId, generation));
  if (checkpoint === null) return null;
  const nothing = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const totals = {
    durationMs: carriedOver?.durationMs ?? 0,
    usage: carriedOver?.usage ?? nothing,
    costUsd: Math.max(0, checkpoint.costUsd - costUsd),
  };
  return { kind: 'suspended', totals, checkpoint };
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
