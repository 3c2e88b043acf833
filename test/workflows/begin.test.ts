/** How a session takes its id, and what becomes of one that cannot have it. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes, until } from './support/session-harness.ts';

const harness = new SessionHarness();

test('a session asks for its id with its first record, under the same run however often it is tried', async () => {
  const claims: (string | undefined)[] = [];
  const activities = scriptedActivities({
    record: ({ claimFor }) => {
      claims.push(claimFor);
      if (claims.length < 3) throw new Error('the worker died before it could tell that this was done');
    },
  });
  await harness.run(activities, async (handle) => {
    await until(
      () => handle.query(messages.stateQuery),
      (state) => state.status === 'idle',
    );
    const { runId } = await handle.describe();
    expect(claims.slice(0, 3)).toEqual([runId, runId, runId]);
    await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
    await handle.result();
    expect(claims.slice(3).filter((claim) => claim !== undefined)).toEqual([]);
  });
  expect(eventTypes(activities)).toEqual(['session.created', 'session.closed']);
});

test('a session whose id is used fails with the sentence, and does nothing else', async () => {
  const activities = scriptedActivities({ record: () => fail('SessionIdUsed', 'session id "x" was used') });
  await harness.run(activities, async (handle) => {
    await handle.signal(messages.promptSignal, { id: 'p1', text: 'one' });
    const failure = await handle.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    const { cause } = failure as WorkflowFailedError;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect(cause).toMatchObject({ type: 'SessionIdUsed', message: 'session id "x" was used' });
    expect(await handle.query(messages.stateQuery)).toMatchObject({
      status: 'closed',
      message: 'session id "x" was used',
    });
    expect(await handle.query(messages.turnQuery, 'p1')).toMatchObject({ status: 'failed' });
  });
  expect(activities.calls).toEqual([]);
});

test('a session that is ended before the store answered leaves what is stored alone', async () => {
  const activities = scriptedActivities({ record: () => fail('Broken', 'the store does not answer') });
  await harness.run(activities, async (handle) => {
    await handle.executeUpdate(messages.terminateUpdate, { args: [{ discard: true }] });
    await handle.result();
    expect(await handle.query(messages.stateQuery)).toMatchObject({ status: 'closed' });
  });
  expect(activities.calls).toEqual([]);
});
