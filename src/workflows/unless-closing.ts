/** Steps that a closing session does not wait for. */
import { CancellationScope, CancelledFailure, condition } from '@temporalio/workflow';
import type { SessionRun } from './session-run.ts';

/** The step is cancelled when the session closes, which shows as its cancellation. */
export async function unlessClosing<T>(run: SessionRun, work: () => Promise<T>): Promise<T> {
  const step = new CancellationScope();
  const watch = new CancellationScope();
  const watching = watch
    .run(async () => condition(() => run.closing))
    .then(() => step.cancel())
    .catch(() => undefined);
  try {
    return await step.run(work);
  } catch (error) {
    // Whatever it ended with: its worker may have died before it could say that it was cancelled.
    throw step.consideredCancelled ? new CancelledFailure('the session is closing') : error;
  } finally {
    watch.cancel();
    await watching;
  }
}
