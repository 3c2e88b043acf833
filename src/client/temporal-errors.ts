/** What the errors of Temporal's client say: whether the outcome is unknown, and which answer was no. */
import {
  isGrpcServiceError,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

export const grpcCodes = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * Outages, throttling, and no worker: they pass. Nothing here cancels a call: `cancelled` is how a deadline looks that the
 * server noticed first.
 */
const passing: ReadonlySet<number> = new Set([
  grpcCodes.cancelled,
  grpcCodes.unknown,
  grpcCodes.deadlineExceeded,
  grpcCodes.resourceExhausted,
  grpcCodes.aborted,
  grpcCodes.unavailable,
]);

/** Races with continue-as-new or with the end of a connection, but also limits that stay: repeated a few times only. */
const mayStay: ReadonlySet<number> = new Set([grpcCodes.failedPrecondition, grpcCodes.internal]);

export type Uncertainty = 'none' | 'passing' | 'may-stay';

export function uncertaintyOf(error: unknown): Uncertainty {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return 'passing';
  // The run ended (continued as new, most likely) with the update in flight: it was applied or not.
  if (error instanceof WorkflowUpdateFailedError) {
    return failureTypeOf(error) === 'AcceptedUpdateCompletedWorkflow' ? 'may-stay' : 'none';
  }
  const code = codeOf(error);
  if (code === undefined) return 'none';
  if (passing.has(code)) return 'passing';
  return mayStay.has(code) ? 'may-stay' : 'none';
}

/** The gRPC code of a failed call, undefined for anything else. */
export function codeOf(error: unknown): number | undefined {
  const grpcError = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpcError) ? grpcError.code : undefined;
}

/** The type of the failure behind a refused update. */
export function failureTypeOf(error: WorkflowUpdateFailedError): string | undefined {
  const { cause } = error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}
