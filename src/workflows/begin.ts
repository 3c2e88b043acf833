/** The beginning of a run: what is recorded before anything else is done. */
import { allHandlersFinished, condition } from '@temporalio/workflow';
import { recordEvents } from './activities.ts';
import { claimId } from './claim-id.ts';
import { asWorkflowFailure, describeFailure } from './failure.ts';
import { loseExecs } from './lose-execs.ts';
import type { SessionRun } from './session-run.ts';
import { failPrompts } from './turn-ends.ts';

/**
 * Records the run's first events apart: travelling with the first activity they could be overtaken in the event log. False
 * when the session was ended before it began; throws the workflow's failure when the session id cannot be had.
 */
export async function beginRun(run: SessionRun): Promise<boolean> {
  if (!run.first) {
    await run.carrying(async (input) => recordEvents(input)).catch(() => undefined);
    return true;
  }
  try {
    const claimed = await claimId(
      async (claim) => run.carrying(async (input) => recordEvents({ ...input, ...claim })),
      () => run.closing,
    );
    if (!claimed) await endUnbegun(run, null);
    return claimed;
  } catch (error) {
    await endUnbegun(run, error);
    throw asWorkflowFailure(error, 'start-failed');
  }
}

/** The end of a session that never began: what store and ledger hold under its id is another's, and stays as it is. */
async function endUnbegun(run: SessionRun, error: unknown): Promise<void> {
  const ended = error === null;
  const message = ended ? 'the session was ended before it began' : describeFailure(error);
  run.data.asked.close = 'terminate';
  failPrompts(run, { kind: ended ? 'terminated' : 'start', message });
  loseExecs(run, message);
  run.setPhase({ status: 'closed', reason: ended ? 'terminated' : 'start-failed', message });
  await condition(allHandlersFinished);
}
