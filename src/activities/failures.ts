/** The one place where errors of the ports become failures of Temporal, and where it is decided which are tried again. */
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { failureTypes } from '../contracts/failures.ts';
import type { FailureType } from '../contracts/failures.ts';
import {
  ImageBuildFailed,
  ImageGone,
  ProviderBusy,
  ProviderRefused,
  SandboxLost,
} from '../sandbox/errors.ts';
import { BlobTooLarge, JournalMismatch, StoreCorrupted } from '../store/errors.ts';
import {
  CheckpointUnusable,
  CredentialUnavailable,
  NoRoom,
  SessionIdUsed,
  SetNotFound,
  StartFailed,
} from './errors.ts';
import { SupervisorRefused } from './supervisor-client.ts';

/** Errors that the next attempt would only meet again. What is not listed is retried: unreachable, cut, no room, a full disk. */
const finalTypes: readonly [kind: new (...args: never[]) => Error, type: FailureType][] = [
  [SandboxLost, failureTypes.sandboxLost],
  [ImageGone, failureTypes.imageGone],
  [ProviderRefused, failureTypes.providerRefused],
  [ImageBuildFailed, failureTypes.providerRefused],
  [NoRoom, failureTypes.providerBusy],
  [CredentialUnavailable, failureTypes.credentialUnavailable],
  [StartFailed, failureTypes.startFailed],
  [SessionIdUsed, failureTypes.sessionIdUsed],
  [SetNotFound, failureTypes.setNotFound],
  [CheckpointUnusable, failureTypes.checkpointUnusable],
  [JournalMismatch, failureTypes.inconsistent],
  [BlobTooLarge, failureTypes.inconsistent],
  [StoreCorrupted, failureTypes.inconsistent],
];

/** Refusals of what was asked, not of the moment. */
const finalRefusals: readonly SupervisorRefused['error'][] = ['conflict', 'bad-request', 'other-generation'];

/** Nothing but redacted text: causes and stacks would go into the history as they are (I8). */
export function toFailure(error: unknown, redact: (text: string) => string): unknown {
  // The SDK's own say nothing of ours.
  if (!(error instanceof Error) || error instanceof TemporalFailure) return error;
  const finalType = finalTypeOf(error);
  if (finalType !== null) return ApplicationFailure.nonRetryable(redact(error.message), finalType);
  const type = error instanceof ProviderBusy ? failureTypes.providerBusy : error.name;
  const failure = ApplicationFailure.retryable(redact(error.message), type);
  failure.stack = redact(error.stack ?? '');
  return failure;
}

function finalTypeOf(error: Error): FailureType | null {
  if (error instanceof SupervisorRefused)
    return finalRefusals.includes(error.error) ? failureTypes.inconsistent : null;
  return finalTypes.find(([kind]) => error instanceof kind)?.[1] ?? null;
}
