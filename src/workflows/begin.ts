/** The beginning of a run: what is recorded before anything else is done. */
import { allHandlersFinished, condition, sleep, workflowInfo } from '@temporalio/workflow';
import { failureTypes } from '../contracts/failures.ts';
import { recordEvents } from './activities.ts';
import { asWorkflowFailure, describeFailure, failureTypeOf } from './failure.ts';
import { loseExecs } from './lose-execs.ts';
import type { SessionRun } from './session-run.ts';
import { failPrompts } from './turn-ends.ts';

/** After the store did not answer. */
const claimPause = '5s';

/** With these the id will not be had however often it is asked for. */
const neverTaken: readonly string[] = [failureTypes.sessionIdUsed, failureTypes.inconsistent];

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
    const claimed = await claimSessionId(run);
    if (!claimed) await endUnbegun(run, null);
    return claimed;
  } catch (error) {
    await endUnbegun(run, error);
    throw asWorkflowFailure(error, 'start-failed');
  }
}

/**
 * Takes the session id (I5, I7): until it is this session's nothing may be stored under it, neither a beginning nor an end.
 * False when the session was ended meanwhile.
 */
async function claimSessionId(run: SessionRun): Promise<boolean> {
  // Of this run, not of the chain: one that Temporal begins anew from its start is another one for the store, too.
  const claimFor = workflowInfo().runId;
  do {
    try {
      await run.carrying(async (input) => recordEvents({ ...input, claimFor }));
      return true;
    } catch (error) {
      if (neverTaken.includes(failureTypeOf(error) ?? '')) throw error;
      await sleep(claimPause);
    }
  } while (!run.closing);
  return false;
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
