/** Pausing and checkpoints on request: the snapshot, and what happens when none can be had. */
import { failureTypes } from '../contracts/failures.ts';
import { endSandbox, takeSnapshot } from './activities.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import { isCancellation } from '@temporalio/workflow';
import type { SessionRun } from './session-run.ts';

/** Ends with phase `paused` and no sandbox. Without a snapshot the last turn's carried work is what a restore starts from. */
export async function pauseSession(run: SessionRun, reason: 'requested' | 'idle'): Promise<void> {
  const { data } = run;
  run.setPhase({ status: 'pausing' });
  run.emit({ type: 'session.pausing', data: { reason } });
  await snapshot(run, { quiesce: true });
  const { sandboxId } = run.sandbox;
  await endLiveSandbox(run);
  data.sandbox = null;
  data.asked.pause = 'no';
  data.asked.checkpoint = false;
  run.emit({ type: 'sandbox.ended', data: { sandboxId } });
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
    data.snapshotCount += 1;
    const checkpointId = `snapshot-${data.snapshotCount}`;
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
    const kept = 'conversation and repositories come back from the last turn, files that git ignores do not';
    run.emit({
      type: 'snapshot.failed',
      data: {
        message: lost
          ? `the sandbox was lost before its snapshot: ${kept}`
          : `no snapshot could be taken (${describeFailure(error)}): ${kept}`,
      },
    });
  }
}

/** A sandbox that cannot be ended now stays in the ledger as open, and the session goes on without it. */
export async function endLiveSandbox(run: SessionRun): Promise<void> {
  try {
    await run.carrying(async (input) =>
      endSandbox.executeWithOptions({ summary: 'end the sandbox' }, [input]),
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.warn(`the sandbox could not be ended (${describeFailure(error)}): it ends with its lifetime`);
  }
}
