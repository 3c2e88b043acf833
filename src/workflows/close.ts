/** The end of a session: nothing of it is left running, whatever brought the end about. */
import { condition } from '@temporalio/workflow';
import { closeSession, recordEvents } from './activities.ts';
import { describeFailure } from './failure.ts';
import { endSandboxesOf } from './pause.ts';
import { loseExecs } from './lose-execs.ts';
import { failPrompts } from './turn-ends.ts';
import type { CloseReason } from '../contracts/session-state.ts';
import type { SessionRun } from './session-run.ts';

/** Why the main loop ended: asked to, cancelled, or by a failure. */
function closeReasonOf(run: SessionRun, error: unknown): { reason: CloseReason; message?: string } {
  if (error === null) {
    if (run.data.asked.close === 'expire') return { reason: 'expired' };
    return { reason: run.cancelled ? 'cancelled' : 'terminated' };
  }
  const started = run.data.phase.status !== 'starting';
  return { reason: started ? 'failed' : 'start-failed', message: describeFailure(error) };
}

/** Answers why. A clean-up step that fails is told and does not keep the session from closing. */
export async function closeRun(run: SessionRun, error: unknown): Promise<CloseReason> {
  const closing = closeReasonOf(run, error);
  const { data } = run;
  run.loop = 'closing';
  if (data.asked.close === 'no') data.asked.close = 'terminate';
  run.setPhase({ status: 'terminating' });
  failPrompts(run, {
    kind: closing.reason === 'start-failed' ? 'start' : 'terminated',
    message: closing.message ?? 'the session was ended before this turn did',
  });
  // Also after a failed start: the sandbox of an attempt that did not report back is in the ledger.
  await endSandboxesOf(run);
  data.sandbox = null;
  data.waiting = null;
  loseExecs(run, closing.message ?? 'the session was ended before this command did');
  // Nothing that happened before comes after it: what another activity may still have to append is appended with it.
  await condition(() => !run.recording);
  run.takeBackEvents();
  run.emit({ type: 'session.closed', data: closing }, { eventId: 'session-closed' });
  run.setPhase({ status: 'closed', ...closing });
  const discard = data.asked.close === 'discard' || data.asked.close === 'expire';
  await run
    .carrying(async (input) => closeSession.executeWithOptions({ summary: 'close' }, [{ ...input, discard }]))
    .catch((failure: unknown) => run.warn(`not everything was cleaned up: ${describeFailure(failure)}`));
  if (data.pendingEvents.length > 0) await run.carrying(recordEvents).catch(() => undefined);
  return closing.reason;
}
