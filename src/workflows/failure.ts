/** Reading the failures of activities. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** The `type` of the failure behind an activity's failure; null when it is no application failure. */
export function failureTypeOf(error: unknown): string | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? null) : null;
}

export function describeFailure(error: unknown): string {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
