/** The one place where errors of the ports become failures of Temporal. Whether it may be tried again is in the type. */
import { ApplicationFailure } from '@temporalio/activity';
import { failureTypes } from '../contracts/failures.ts';
import type { FailureType } from '../contracts/failures.ts';
import {
  ImageBuildFailed,
  ImageGone,
  ProviderBusy,
  ProviderRefused,
  SandboxLost,
} from '../sandbox/errors.ts';
import { CredentialUnavailable } from './credentials.ts';
import { StartFailed } from './errors.ts';

/** What is not listed is retried as it is: unreachable, cut, a defect that the next version mends. */
export function toFailure(error: unknown): unknown {
  if (error instanceof SandboxLost) return final(failureTypes.sandboxLost, error);
  if (error instanceof ImageGone) return final(failureTypes.imageGone, error);
  if (error instanceof ProviderRefused) return final(failureTypes.providerRefused, error);
  if (error instanceof ImageBuildFailed) return final(failureTypes.providerRefused, error);
  if (error instanceof CredentialUnavailable) return final(failureTypes.credentialUnavailable, error);
  if (error instanceof StartFailed) return final(failureTypes.startFailed, error);
  if (error instanceof ProviderBusy) {
    return ApplicationFailure.retryable(error.message, failureTypes.providerBusy);
  }
  return error;
}

function final(type: FailureType, error: Error): ApplicationFailure {
  return ApplicationFailure.nonRetryable(error.message, type);
}
