import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes, until } from './support/session-harness.ts';

const harness = new SessionHarness();

test('a session that is terminated while it starts was terminated, whatever becomes of its start', async () => {
  const terminated = Promise.withResolvers<void>();
  const activities = scriptedActivities({});
  activities.createSandbox = async () => {
    activities.calls.push('create');
    await terminated.promise;
    return fail('Broken', 'its worker was gone before it heard that it was cancelled');
  };
  await harness.run(activities, async (handle) => {
    await until(
      async () => activities.calls,
      (calls) => calls.includes('create'),
    );
    await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
    terminated.resolve();
    await handle.result();
  });
  const closed = activities.events.find(({ body }) => body.type === 'session.closed');
  expect(closed?.body.data).toEqual({ reason: 'terminated' });
  expect(activities.calls).toEqual(['record', 'create', 'end', 'close']);
});

test('an event that is still being recorded comes before the end of the session', async () => {
  let isDown = false;
  const activities = scriptedActivities({
    record: () => {
      if (isDown) throw new Error('the store does not answer');
    },
    end: () => void setTimeout(() => (isDown = false), 6_000),
  });
  await harness.run(activities, async (handle) => {
    await until(
      () => handle.query(messages.stateQuery),
      ({ status }) => status === 'idle',
    );
    isDown = true;
    await handle.signal(messages.promptSignal, { id: 'bad', text: '' });
    await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
    await handle.result();
  });
  expect(eventTypes(activities)).toEqual(['session.created', 'prompt.rejected', 'session.closed']);
});

test('an event that was given to an exec that the session did not wait for is not lost', async () => {
  const refused = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const began: string[][] = [];
  const activities = scriptedActivities({
    record: ({ events }) => {
      if (!events.some(({ turnId }) => turnId === 'bad')) return;
      refused.resolve();
      fail('InvalidInput', 'so that the next activity carries it');
    },
  });
  // It has not come to append what it was given when the session has closed.
  activities.runExec = async ({ events }) => {
    began.push(events.map(({ body }) => body.type));
    await closed.promise;
    return { kind: 'sandbox-lost', cause: 'the session closed', started: true };
  };
  await harness.run(activities, async (handle) => {
    await until(
      () => handle.query(messages.stateQuery),
      ({ status }) => status === 'idle',
    );
    await handle.signal(messages.promptSignal, { id: 'bad', text: '' });
    await refused.promise;
    await handle.executeUpdate(messages.execUpdate, { args: [{ id: 'e1', argv: ['ls'] }] });
    await until(
      async () => began.length,
      (count) => count > 0,
    );
    await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
    await handle.result();
    closed.resolve();
  });
  expect(began).toEqual([['prompt.rejected']]);
  expect(eventTypes(activities)).toEqual([
    'session.created',
    'prompt.rejected',
    'exec.finished',
    'session.closed',
  ]);
});
