/** Reading the failures of activities, and handing them on. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { failureTypes } from '../contracts/failures.ts';
import type { CloseReason } from '../contracts/session-state.ts';

/** The `type` of the failure behind an activity's failure; null when it is no application failure. */
export function failureTypeOf(error: unknown): string | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? null) : null;
}

export function describeFailure(error: unknown): string {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** What the workflow fails with when it closes for this reason. */
export function asWorkflowFailure(error: unknown, reason: CloseReason): ApplicationFailure {
  const type =
    reason === 'failed' ? failureTypes.sessionFailed : (failureTypeOf(error) ?? failureTypes.startFailed);
  return ApplicationFailure.nonRetryable(describeFailure(error), type);
}
