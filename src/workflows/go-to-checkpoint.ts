/** Makes a checkpoint the point that the next sandbox is restored to: one of this session, or of one that is forked. */
import { prepareCheckpoint } from './activities.ts';
import type { SessionRun } from './session-run.ts';

/** Before the first sandbox of a session that is a fork. Throws the failure of a checkpoint that cannot be had. */
export async function beginAtFork(run: SessionRun): Promise<void> {
  const { fork } = run.input;
  if (fork === undefined || run.data.checkpoint !== null) return;
  const { sessionId: fromSessionId, checkpointId = null } = fork;
  const found = await goToCheckpoint(run, { sessionId: fromSessionId, checkpointId }, 'fork');
  run.emit({ type: 'session.forked', data: { fromSessionId, checkpointId: found } });
}

/** Answers which checkpoint of the source it is. */
export async function goToCheckpoint(
  run: SessionRun,
  source: { sessionId: string; checkpointId: string | null },
  kind: 'rewind' | 'fork',
): Promise<string> {
  const { data } = run;
  const as = run.newCheckpointId(kind);
  const { checkpoint, snapshot, sourceCheckpointId } = await run.carrying(async (input) =>
    prepareCheckpoint.executeWithOptions({ summary: `${kind}: the checkpoint` }, [{ ...input, source, as }]),
  );
  data.checkpoint = checkpoint;
  data.snapshot = snapshot;
  data.costUsd = checkpoint.costUsd;
  data.lastTurnId = checkpoint.turnId;
  data.lostTurns = [];
  // The snapshot of another session holds the journals of its generations: those of a fork go on above them (I5).
  if (kind === 'fork') data.generation = Math.max(data.generation, snapshot?.generation ?? 0);
  return sourceCheckpointId;
}
