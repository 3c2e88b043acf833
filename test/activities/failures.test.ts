import {
  ApplicationFailure,
  CancelledFailure,
  DefaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import {
  CredentialUnavailable,
  SessionIdUsed,
  StartFailed,
  StartFailedForNow,
} from '../../src/activities/errors.ts';
import { toFailure } from '../../src/activities/failures.ts';
import { SupervisorAbsent, SupervisorRefused } from '../../src/activities/supervisor-client.ts';
import {
  ImageBuildFailed,
  ImageGone,
  ProviderBusy,
  ProviderRefused,
  ProviderUnavailable,
  SandboxLost,
} from '../../src/sandbox/errors.ts';
import {
  BlobTooLarge,
  JournalGap,
  JournalMismatch,
  StoreCorrupted,
  StoreNotWritable,
} from '../../src/store/errors.ts';

const secret = 'canary-7b1f';
const redact = (text: string): string => text.replaceAll(secret, '[redacted]');

function refusal(error: SupervisorRefused['error']): SupervisorRefused {
  return new SupervisorRefused({ error, message: `no: ${secret}` });
}

function failureOf(error: Error): ApplicationFailure {
  const failure = toFailure(error, redact);
  if (!(failure instanceof ApplicationFailure)) throw new TypeError('not an application failure');
  return failure;
}

describe('what trying again cannot mend', () => {
  test.each([
    { type: 'SandboxLost', error: new SandboxLost('sb-1', `killed with ${secret}`) },
    { type: 'ImageGone', error: new ImageGone(`im-${secret}`) },
    { type: 'ProviderRefused', error: new ProviderRefused(`the token ${secret} is not known`) },
    { type: 'ProviderRefused', error: new ImageBuildFailed(`RUN echo ${secret} failed`, 'its log') },
    { type: 'CredentialUnavailable', error: new CredentialUnavailable(`no variable ${secret}`) },
    { type: 'StartFailed', error: new StartFailed(`git refused ${secret}`) },
    { type: 'SessionIdUsed', error: new SessionIdUsed(secret) },
    { type: 'Inconsistent', error: new JournalMismatch(`not that of ${secret}`) },
    { type: 'Inconsistent', error: new StoreCorrupted(`/data/${secret}`) },
    { type: 'Inconsistent', error: refusal('conflict') },
    { type: 'Inconsistent', error: refusal('bad-request') },
    { type: 'Inconsistent', error: refusal('other-generation') },
  ])('is a final failure of type $type, redacted, when it is $error.name', ({ type, error }) => {
    const failure = failureOf(error);
    expect(failure).toMatchObject({ type, nonRetryable: true, message: redact(error.message) });
    expect(failure.message).toContain('[redacted]');
    expect(`${failure.stack}`).not.toContain(secret);
  });
});

test('a blob that the store does not take is a final failure', () => {
  expect(failureOf(new BlobTooLarge(2, 1))).toMatchObject({ type: 'Inconsistent', nonRetryable: true });
});

describe('what may pass', () => {
  test('is told by its type when Modal has no room, and tried again', () => {
    const failure = failureOf(new ProviderBusy(`no room for ${secret}`));
    expect(failure).toMatchObject({
      type: 'ProviderBusy',
      nonRetryable: false,
      message: 'no room for [redacted]',
    });
  });

  test.each([
    new ProviderUnavailable(`cut: ${secret}`),
    new SupervisorAbsent(`cut: ${secret}`),
    new StartFailedForNow(`cut: ${secret}`),
    new TypeError(`cut: ${secret}`),
    new DOMException(`cut: ${secret}`, 'AbortError'),
  ])('keeps its name as its type, redacted, so that it is tried again: $name', (error) => {
    // A stack holds the message from the moment somebody looks at it.
    expect(error.stack).toContain(secret);
    Object.assign(error, { cause: new Error(`because of ${secret}`) });
    const failure = failureOf(error);
    expect(failure).toMatchObject({ type: error.name, nonRetryable: false, message: 'cut: [redacted]' });
    const history = new DefaultFailureConverter().errorToFailure(failure, defaultPayloadConverter);
    expect(JSON.stringify(history)).not.toContain(secret);
    expect(history.stackTrace).toContain('failures.test.ts');
  });

  test.each([
    new JournalGap(10, 5),
    new StoreNotWritable('/data/store.sqlite'),
    refusal('not-started'),
    refusal('turn-running'),
    refusal('unknown'),
    refusal('internal'),
  ])('is what another attempt may find mended: $name $error', (error) => {
    expect(failureOf(error)).toMatchObject({ type: error.name, nonRetryable: false });
  });

  test('stays what the SDK knows as a cancellation', () => {
    const error = new CancelledFailure('cancelled');
    expect(toFailure(error, redact)).toBe(error);
  });

  test('stays what it is although it is no error', () => {
    expect(toFailure('a word', redact)).toBe('a word');
  });
});
