/** Going back to a checkpoint of the session: files, conversation, git heads and cost. */
import { isCancellation } from '@temporalio/workflow';
import { describeFailure } from './failure.ts';
import { goToCheckpoint } from './go-to-checkpoint.ts';
import { openSandbox } from './open-sandbox.ts';
import { endSandboxesOf } from './pause.ts';
import type { SessionRun } from './session-run.ts';
import { leaveSandbox } from './transitions.ts';

/** Ends like `openSandbox`, or with the session where it was, when the checkpoint cannot be had. */
export async function rewindSession(run: SessionRun, checkpointId: string): Promise<void> {
  const { data } = run;
  const before = data.phase;
  const { sessionId } = run.input;
  run.setPhase({ status: 'resuming' });
  try {
    await goToCheckpoint(run, { sessionId, checkpointId }, 'rewind');
  } catch (error) {
    if (isCancellation(error)) throw error;
    data.asked.rewind = null;
    run.emit({ type: 'session.rewind-failed', data: { checkpointId, message: describeFailure(error) } });
    return run.setPhase(before);
  }
  await endSandboxesOf(run);
  leaveSandbox(run);
  data.asked.rewind = null;
  run.emit({ type: 'session.rewound', data: { checkpointId } });
  await openSandbox(run, 'rewind');
}
