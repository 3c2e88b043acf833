/** The end of a session: nothing of it is left running, whatever brought the end about. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { closeSession, endSandbox } from './activities.ts';
import { describeFailure } from './failure.ts';
import { failTurn } from './run-turn.ts';
import type { CloseReason } from './session-data.ts';
import type { SessionRun } from './session-run.ts';
import { loseExecs } from './watchers.ts';

/** Why the main loop ended: by itself (`terminate`), by cancellation, or by a failure. */
function closeReasonOf(run: SessionRun, error: unknown): { reason: CloseReason; message?: string } {
  if (error === null) return { reason: 'terminated' };
  if (isCancellation(error)) return { reason: 'cancelled' };
  const started = run.data.checkpoint !== null || run.data.heads.length > 0;
  return { reason: started ? 'failed' : 'start-failed', message: describeFailure(error) };
}

/** Runs to its end even when the workflow was cancelled. */
export async function closeRun(run: SessionRun, error: unknown): Promise<void> {
  const closing = closeReasonOf(run, error);
  await CancellationScope.nonCancellable(async () => {
    const { data } = run;
    run.busy = true;
    run.setPhase({ status: 'terminating' });
    for (const prompt of data.queue) {
      failTurn(run, prompt, {
        kind: closing.reason === 'start-failed' ? 'start' : 'terminated',
        message: closing.message ?? 'the session was ended before this turn did',
      });
    }
    loseExecs(run, closing.message ?? 'the session was ended before this command ran');
    // Also after a failed start: the sandbox of an attempt that did not report back is in the ledger.
    await endSandbox.executeWithOptions({ summary: 'end the sandbox' }, [
      { ...run.inSession(), generation: data.generation, sandboxId: data.sandbox?.sandboxId ?? '' },
    ]);
    data.sandbox = null;
    run.emit({ type: 'session.closed', data: closing }, { eventId: 'session-closed' });
    run.setPhase({ status: 'closed', ...closing });
    await closeSession.executeWithOptions({ summary: 'close' }, [
      { ...run.inSession(), generation: data.generation, discard: data.asked.close === 'discard' },
    ]);
  });
}
