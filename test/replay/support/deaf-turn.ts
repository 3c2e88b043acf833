/** The activity of a turn whose agent hears nothing: it ends only when it is cancelled. */
import { heartbeat, sleep } from '@temporalio/activity';

export async function untilCancelled(): Promise<never> {
  for (;;) {
    heartbeat();
    await sleep(200);
  }
}
