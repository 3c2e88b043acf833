import { describe, expect, test } from 'vitest';
import { failureTypes } from '../../src/contracts/failures.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import { fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes, until } from './support/session-harness.ts';
import { terminate, untilState } from './support/story-words.ts';

const harness = new SessionHarness();

describe('pausing', () => {
  test('stays paused after it paused itself, until something asks for it', async () => {
    const activities = scriptedActivities({});
    await harness.run(
      activities,
      async (handle) => {
        await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] });
        await until(
          () => handle.query(messages.stateQuery),
          (state) => state.status === 'paused',
        );
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        expect(await handle.query(messages.stateQuery)).toMatchObject({ status: 'paused', generation: 1 });
        await handle.executeUpdate(messages.resumeUpdate);
        await until(
          () => handle.query(messages.stateQuery),
          (state) => state.status === 'idle' && state.generation === 2,
        );
        await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
        await handle.result();
      },
      { idleSeconds: 1 },
    );
  });

  test('pauses itself when it has been idle long enough, and not before', async () => {
    let startedAtMs = 0;
    const activities = scriptedActivities({ start: () => void (startedAtMs = Date.now()) });
    await harness.run(
      activities,
      async (handle) => {
        await until(
          () => handle.query(messages.stateQuery),
          (state) => state.status === 'paused',
        );
        await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
        await handle.result();
      },
      { idleSeconds: 1 },
    );
    const pausing = activities.events.find((event) => event.body.type === 'session.pausing');
    expect(pausing?.body.data).toEqual({ reason: 'idle' });
    expect(Date.parse(pausing?.at ?? '') - startedAtMs).toBeGreaterThanOrEqual(1_000);
  });

  test('pauses without a snapshot when none can be taken, and says what that costs', async () => {
    const activities = scriptedActivities({ snapshot: () => fail('SandboxLost', 'gone') });
    await harness.run(activities, async (handle) => {
      await until(
        () => handle.query(messages.stateQuery),
        (state) => state.status === 'idle',
      );
      await handle.executeUpdate(messages.pauseUpdate, { args: [{}] });
      await until(
        () => handle.query(messages.stateQuery),
        (state) => state.status === 'paused',
      );
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
    expect(eventTypes(activities)).toContain('snapshot.failed');
  });

  test('a checkpoint that finds the sandbox lost has it replaced, and the next one is taken', async () => {
    const activities = scriptedActivities({
      snapshot: ({ generation }) => {
        if (generation === 1) fail(failureTypes.sandboxLost, 'it was terminated');
      },
    });
    await harness.run(activities, async (handle) => {
      await untilState(handle, 'idle');
      await handle.executeUpdate(messages.checkpointUpdate);
      await untilState(handle, ({ generation, status }) => generation === 2 && status === 'idle');
      await handle.executeUpdate(messages.checkpointUpdate);
      await untilState(handle, ({ checkpointId }) => checkpointId !== null);
      await terminate(handle);
    });
    expect(eventTypes(activities)).toContain('sandbox.lost');
  });
});
