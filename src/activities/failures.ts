/** The one place where errors of the ports become failures of Temporal. Whether it may be tried again is in the type. */
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
import { CredentialUnavailable, SessionIdUsed, StartFailed } from './errors.ts';

/** What is not listed is retried as it is: unreachable, cut, a defect that the next version mends. */
export function toFailure(error: unknown, redact: (text: string) => string): unknown {
  const final = (type: FailureType, { message }: Error): ApplicationFailure =>
    ApplicationFailure.nonRetryable(redact(message), type);
  if (error instanceof SandboxLost) return final(failureTypes.sandboxLost, error);
  if (error instanceof ImageGone) return final(failureTypes.imageGone, error);
  if (error instanceof ProviderRefused) return final(failureTypes.providerRefused, error);
  if (error instanceof ImageBuildFailed) return final(failureTypes.providerRefused, error);
  if (error instanceof CredentialUnavailable) return final(failureTypes.credentialUnavailable, error);
  if (error instanceof StartFailed) return final(failureTypes.startFailed, error);
  if (error instanceof SessionIdUsed) return final(failureTypes.sessionIdUsed, error);
  if (error instanceof ProviderBusy) {
    return ApplicationFailure.retryable(redact(error.message), failureTypes.providerBusy);
  }
  // The SDK knows its own, and a cancelled wait by its name.
  if (!(error instanceof Error) || error instanceof TemporalFailure || error.name === 'AbortError')
    return error;
  // Not the error itself: its causes and its stack would go into the history as they are (I8).
  const failure = ApplicationFailure.retryable(redact(error.message), error.name);
  failure.stack = redact(error.stack ?? '');
  return failure;
}
