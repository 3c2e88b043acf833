/** Reading the failures of activities and child workflows, and handing them on. */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from '@temporalio/workflow';
import { failureTypes } from '../contracts/failures.ts';
import type { CloseReason } from '../contracts/session-state.ts';

function behind(error: unknown): unknown {
  const isWrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return isWrapped ? (error.cause ?? error) : error;
}

/** The `type` of the failure behind an activity's failure; null when it is no application failure. */
export function failureTypeOf(error: unknown): string | null {
  const cause = behind(error);
  return cause instanceof ApplicationFailure ? (cause.type ?? null) : null;
}

export function describeFailure(error: unknown): string {
  const cause = behind(error);
  return cause instanceof Error ? cause.message : String(cause);
}

/** What the workflow fails with when it closes for this reason. */
export function asWorkflowFailure(error: unknown, reason: CloseReason): ApplicationFailure {
  const type =
    reason === 'failed' ? failureTypes.sessionFailed : (failureTypeOf(error) ?? failureTypes.startFailed);
  return ApplicationFailure.nonRetryable(describeFailure(error), type);
}
