/** Taking an id in the store (I5, I7): until it is taken nothing may be stored under it, neither a beginning nor an end. */
import { sleep, workflowInfo } from '@temporalio/workflow';
import type { RecordEventsInput } from '../activities/types.ts';
import { failureTypes } from '../contracts/failures.ts';
import { failureTypeOf } from './failure.ts';

/** After the store did not answer. */
const pause = '5s';

/** With these the id will not be had however often it is asked for. */
const neverTaken: readonly string[] = [failureTypes.sessionIdUsed, failureTypes.inconsistent];

/**
 * `record` appends what is to come first. Asks for as long as the store stays away; false when `isOver` came before. Throws
 * the failure of an id that cannot be had.
 */
export async function claimId(
  record: (claim: Pick<RecordEventsInput, 'claimFor'>) => Promise<void>,
  isOver: () => boolean = () => false,
): Promise<boolean> {
  // Of this run, not of the chain: one that Temporal begins anew from its start is another one for the store, too.
  const claimFor = workflowInfo().runId;
  do {
    try {
      await record({ claimFor });
      return true;
    } catch (error) {
      if (neverTaken.includes(failureTypeOf(error) ?? '')) throw error;
      await sleep(pause);
    }
  } while (!isOver());
  return false;
}
