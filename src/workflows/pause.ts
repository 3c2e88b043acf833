/** Pausing and checkpoints on request: the snapshot, and what happens when none can be had. */
import { failureTypes } from '../contracts/failures.ts';
import { endSandboxes, takeSnapshot } from './activities.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import { isCancellation } from '@temporalio/workflow';
import type { EventBody } from '../contracts/events.ts';
import { becomePaused, beginPausing } from './transitions.ts';
import type { TakeSnapshotInput } from '../activities/types.ts';
import { keepSavedTurns } from './lost-turns.ts';
import { begunTurn } from './decisions.ts';
import type { SessionData } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

const noSnapshotOfLost = noSnapshot('the sandbox was lost before its snapshot');

function noSnapshot(cause: string): EventBody {
  const kept = 'conversation and repositories come back from the last turn, files that git ignores do not';
  return { type: 'snapshot.failed', data: { message: `${cause}: ${kept}` } };
}

/** Ends with phase `paused` and no sandbox. Without a snapshot the last turn's carried work is what a restore starts from. */
export async function pauseSession(run: SessionRun, reason: 'requested' | 'idle'): Promise<void> {
  beginPausing(run, reason);
  if (run.data.sandbox === null) run.emit(noSnapshotOfLost);
  else await snapshot(run, 'pause');
  await endSandboxesOf(run);
  becomePaused(run);
}

export async function takeCheckpoint(run: SessionRun): Promise<void> {
  run.data.asked.checkpoint = false;
  await snapshot(run, 'request');
  run.touch();
  run.showDetails();
}

/** Without one, the session's newest checkpoint stays what a restore starts from. */
export async function snapshot(run: SessionRun, purpose: TakeSnapshotInput['purpose']): Promise<void> {
  const { data } = run;
  try {
    const checkpointId = run.newCheckpointId();
    const checkpoint = await run.inSandbox(async (input) =>
      takeSnapshot.executeWithOptions({ summary: 'snapshot' }, [
        { ...input, checkpointId, turnId: data.lastTurnId, purpose, costUsd: costNow(data) },
      ]),
    );
    data.checkpoint = checkpoint;
    data.snapshot = checkpoint.snapshot;
    keepSavedTurns(data);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const lost = failureTypeOf(error) === failureTypes.sandboxLost;
    // One that is to be used again is replaced before anything else is tried in it.
    if (lost && purpose === 'request') run.sandbox.lostCause ??= describeFailure(error);
    run.emit(lost ? noSnapshotOfLost : noSnapshot(`no snapshot could be taken (${describeFailure(error)})`));
  }
}

/** What a turn that goes on in the next generation has used by now is the conversation's, too. */
function costNow(data: SessionData): number {
  return data.costUsd + (begunTurn(data)?.carriedOver?.costUsd ?? 0);
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
