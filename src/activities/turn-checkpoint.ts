/**
 * The checkpoint of a turn that ended or was suspended. Its carried work is brought out of the sandbox and stored before
 * the checkpoint is, so that what is saved can be restored.
 */
import { turnCheckpointId } from '../contracts/ids.ts';
import type { CarriedWork, Checkpoint } from '../contracts/checkpoint.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { Store } from '../store/store.ts';
import { SupervisorAbsent, ask } from './supervisor-client.ts';

export type TurnStop = Extract<JournalRecord, { kind: 'turn.ended' | 'turn.suspended' }>;

export type CheckpointContext = {
  deps: { store: Store };
  sandbox: Sandbox;
  sessionId: string;
  generation: number;
  signal: AbortSignal;
  /** What the conversation had cost before the turn, from whoever runs it; else taken from the newest checkpoint before it. */
  costBeforeUsd?: number;
};

export function isTurnStop(record: JournalRecord | null): record is TurnStop {
  return record?.kind === 'turn.ended' || record?.kind === 'turn.suspended';
}

/** A turn that goes on in the next generation has a point of its own there, and one more when it ends. */
export function suspendedCheckpointId(turnId: string, generation: number): string {
  return `suspended-${turnId}-g${generation}`;
}

/** Once per stop of a turn: the one that is saved stays, but for a cost that somebody knows better now. */
export async function saveTurnCheckpoint(context: CheckpointContext, stop: TurnStop): Promise<Checkpoint> {
  const { deps, sessionId, generation } = context;
  const { turnId } = stop;
  const checkpointId =
    stop.kind === 'turn.ended' ? turnCheckpointId(turnId) : suspendedCheckpointId(turnId, generation);
  const saved = await deps.store.checkpoints.find(sessionId, checkpointId);
  const costUsd = (await costBefore(context, turnId)) + stop.totals.costUsd;
  if (saved !== null && (context.costBeforeUsd === undefined || saved.costUsd === costUsd)) return saved;
  if (saved === null) await keepCarriedWork(context, stop);
  const checkpoint: Checkpoint = saved ?? {
    checkpointId,
    sessionId,
    generation,
    turnId,
    at: stop.at,
    carried: stop.carried,
    transcript: await deps.store.transcripts.position(sessionId),
    snapshot: null,
    costUsd,
  };
  await deps.store.checkpoints.save({ ...checkpoint, costUsd });
  return { ...checkpoint, costUsd };
}

async function costBefore(
  { deps, sessionId, costBeforeUsd }: CheckpointContext,
  turnId: string,
): Promise<number> {
  if (costBeforeUsd !== undefined) return costBeforeUsd;
  const latest = await deps.store.checkpoints.latest(sessionId);
  if (latest === null || latest.turnId !== turnId) return latest?.costUsd ?? 0;
  const all = await deps.store.checkpoints.list(sessionId);
  return all.findLast((checkpoint) => checkpoint.turnId !== turnId)?.costUsd ?? 0;
}

async function keepCarriedWork(context: CheckpointContext, { turnId, carried }: TurnStop): Promise<void> {
  for (const work of carried) await keep(context, turnId, work);
}

async function keep(context: CheckpointContext, turnId: string, work: CarriedWork): Promise<void> {
  const { deps, sessionId, sandbox, signal } = context;
  if (work.bytes === 0 || (await deps.store.carriedWork.read(sessionId, work.sha256)) !== null) return;
  const query = new URLSearchParams({ turnId, repository: work.repository });
  const bundle = await ask(sandbox, { path: `/carry?${query.toString()}`, signal });
  const { sha256 } = await deps.store.carriedWork.save(sessionId, bundle);
  if (sha256 !== work.sha256)
    throw new SupervisorAbsent(`the carried work of ${work.repository} came incomplete`);
}
