import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, until } from './support/session-harness.ts';

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
