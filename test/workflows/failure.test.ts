import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import { expect, test } from 'vitest';
import { asWorkflowFailure, describeFailure, failureTypeOf } from '../../src/workflows/failure.ts';

/** As the workflow sees the failure of an activity. */
const ofActivity = (cause?: Error): ActivityFailure =>
  new ActivityFailure(
    'Activity task failed',
    'runTurn',
    '1',
    RetryState.NON_RETRYABLE_FAILURE,
    'worker',
    cause,
  );

test.each([
  {
    what: 'an activity that failed with a type of ours',
    error: ofActivity(ApplicationFailure.nonRetryable('the sandbox is gone', 'SandboxLost')),
    type: 'SandboxLost',
    sentence: 'the sandbox is gone',
  },
  {
    what: 'an activity that was cancelled',
    error: ofActivity(new CancelledFailure('cancelled')),
    type: null,
    sentence: 'cancelled',
  },
  {
    what: 'an activity that failed without a cause',
    error: ofActivity(),
    type: null,
    sentence: 'Activity task failed',
  },
  {
    what: 'a failure of the workflow itself',
    error: ApplicationFailure.nonRetryable('no', 'InvalidInput'),
    type: 'InvalidInput',
    sentence: 'no',
  },
  {
    what: 'a failure without a type',
    error: ApplicationFailure.create({ message: 'no' }),
    type: null,
    sentence: 'no',
  },
  { what: 'a defect', error: new TypeError('x is undefined'), type: null, sentence: 'x is undefined' },
  { what: 'what is no error', error: 'a word', type: null, sentence: 'a word' },
])('of $what the type is $type, and the sentence its cause’s', ({ error, type, sentence }) => {
  expect(failureTypeOf(error)).toBe(type);
  expect(describeFailure(error)).toBe(sentence);
});

test.each([
  {
    reason: 'start-failed',
    error: ofActivity(ApplicationFailure.nonRetryable('no', 'ProviderRefused')),
    type: 'ProviderRefused',
  },
  { reason: 'start-failed', error: new TypeError('x is undefined'), type: 'StartFailed' },
  { reason: 'failed', error: new TypeError('x is undefined'), type: 'SessionFailed' },
] as const)('a session that closes as $reason fails with the type $type', ({ reason, error, type }) => {
  expect(asWorkflowFailure(error, reason)).toMatchObject({ type, nonRetryable: true });
});
