/**
 * One attempt of an activity: a heartbeat every 500 ms whether or not anything happens, one signal for every reason to
 * stop, and the hand-over when the worker shuts down. Two attempts can overlap (I2): stopping only lets go.
 */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { failureTypes } from '../contracts/failures.ts';
import { toFailure } from './failures.ts';

const heartbeatIntervalMs = 500;

export type Attempt = {
  /** Aborted when the activity is cancelled, timed out, or its worker shuts down. */
  signal: AbortSignal;
  /** The number of this attempt, 1 for the first. */
  number: number;
  /** Shown in the Temporal UI with the next heartbeat. */
  report(details: unknown): void;
  /** Somebody wants the activity to end, not just this attempt. */
  cancelRequested(): boolean;
};

/** Runs `work` and turns its errors into failures of Temporal, whose messages are in the history: redacted (I8). */
export async function attempt<T>(
  redact: (text: string) => string,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  let details: unknown = null;
  const beat = (): void => context.heartbeat(details);
  const timer = setInterval(beat, heartbeatIntervalMs);
  beat();
  try {
    return await work({
      signal: context.cancellationSignal,
      number: context.info.attempt,
      report: (next) => {
        details = next;
      },
      cancelRequested: () => context.cancellationDetails?.cancelRequested === true,
    });
  } catch (error) {
    throw context.cancellationSignal.aborted ? stopped(context, details) : toFailure(error, redact);
  } finally {
    clearInterval(timer);
  }
}

function stopped(context: Context, details: unknown): Error {
  if (context.cancellationDetails?.workerShutdown !== true)
    return new CancelledFailure('the activity was cancelled');
  context.heartbeat(details);
  // 1 ms: a delay of 0 fails the activity for good, and rethrowing the cancellation waits for back-off (measured).
  return ApplicationFailure.create({
    type: failureTypes.workerShutdown,
    message: 'the worker shuts down; the next attempt goes on where this one stopped',
    nextRetryDelay: '1ms',
    category: ApplicationFailureCategory.BENIGN,
  });
}
