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
import { CredentialUnavailable, StartFailed } from './errors.ts';

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
  if (error instanceof ProviderBusy) {
    return ApplicationFailure.retryable(redact(error.message), failureTypes.providerBusy);
  }
  if (error instanceof Error) error.message = redact(error.message);
  return error;
}
