/** Pausing and checkpoints on request: the snapshot, and what happens when none can be had. */
import { failureTypes } from '../contracts/failures.ts';
import { endSandboxes, takeSnapshot } from './activities.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import { isCancellation } from '@temporalio/workflow';
import type { EventBody } from '../contracts/events.ts';
import type { SessionRun } from './session-run.ts';

const noSnapshotOfLost = noSnapshot('the sandbox was lost before its snapshot');

function noSnapshot(cause: string): EventBody {
  const kept = 'conversation and repositories come back from the last turn, files that git ignores do not';
  return { type: 'snapshot.failed', data: { message: `${cause}: ${kept}` } };
}

/** Ends with phase `paused` and no sandbox. Without a snapshot the last turn's carried work is what a restore starts from. */
export async function pauseSession(run: SessionRun, reason: 'requested' | 'idle'): Promise<void> {
  const { data } = run;
  run.setPhase({ status: 'pausing' });
  run.emit({ type: 'session.pausing', data: { reason } });
  const { sandbox } = data;
  if (sandbox === null) run.emit(noSnapshotOfLost);
  else await snapshot(run, { quiesce: true });
  await endSandboxesOf(run);
  data.sandbox = null;
  data.asked.pause = 'no';
  data.asked.checkpoint = false;
  if (sandbox !== null) run.emit({ type: 'sandbox.ended', data: { sandboxId: sandbox.sandboxId } });
  run.emit({ type: 'session.paused', data: { checkpointId: data.checkpoint?.checkpointId ?? null } });
  run.setPhase({ status: 'paused' });
}

export async function takeCheckpoint(run: SessionRun): Promise<void> {
  run.data.asked.checkpoint = false;
  await snapshot(run, { quiesce: false });
  run.touch();
  run.showDetails();
}

async function snapshot(run: SessionRun, options: { quiesce: boolean }): Promise<void> {
  const { data } = run;
  try {
    const checkpointId = run.newCheckpointId();
    const turnId = data.endedTurns.at(-1)?.turnId ?? null;
    const checkpoint = await run.inSandbox(async (input) =>
      takeSnapshot.executeWithOptions({ summary: 'snapshot' }, [
        { ...input, checkpointId, turnId, ...options },
      ]),
    );
    data.checkpoint = checkpoint;
    data.snapshot = checkpoint.snapshot;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const lost = failureTypeOf(error) === failureTypes.sandboxLost;
    run.emit(lost ? noSnapshotOfLost : noSnapshot(`no snapshot could be taken (${describeFailure(error)})`));
  }
}

/**
 * Every sandbox of the session that the ledger knows. One that cannot be ended now stays open there, and the session goes
 * on without it.
 */
export async function endSandboxesOf(run: SessionRun): Promise<void> {
  try {
    await run.carrying(async (input) =>
      endSandboxes.executeWithOptions({ summary: 'end the sandboxes' }, [input]),
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.warn(`the sandbox could not be ended (${describeFailure(error)}): it ends with its lifetime`);
  }
}
