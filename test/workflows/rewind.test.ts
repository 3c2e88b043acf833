import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { failureTypes } from '../../src/contracts/failures.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import { ended, fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes } from './support/session-harness.ts';
import { HeldTurn, send, terminate, untilState, untilTurn } from './support/story-words.ts';

const harness = new SessionHarness();

test('a rewind ends the sandbox and restores the checkpoint in the next one, cost included', async () => {
  const activities = scriptedActivities({});
  await harness.run(activities, async (handle) => {
    for (const id of ['p1', 'p2']) {
      await send(handle, id);
      await untilTurn(handle, id, 'completed');
    }
    await handle.executeUpdate(messages.rewindUpdate, { args: [{ checkpointId: 'turn-p1' }] });
    const state = await untilState(handle, ({ generation, status }) => generation === 2 && status === 'idle');
    // The scripted checkpoint had cost 0.25; what was spent stays spent.
    expect(state).toMatchObject({ spentUsd: 1, turns: 2 });
    expect(state.costUsd).toBeLessThan(1);
    await terminate(handle);
  });
  const calls = activities.calls.filter((call) => call !== 'record');
  expect(calls.slice(4, 8)).toEqual([
    expect.stringMatching(/^prepare s\d+ turn-p1$/),
    'end',
    'create g2',
    expect.stringMatching(/^start g2 rewind-/),
  ]);
  expect(eventTypes(activities)).toContain('session.rewound');
});

test('a rewind to what is not there leaves the session where it was, and says so', async () => {
  const activities = scriptedActivities({
    prepare: () => fail(failureTypes.checkpointUnusable, 'there is no checkpoint "turn-p9"'),
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'completed');
    await handle.executeUpdate(messages.rewindUpdate, { args: [{ checkpointId: 'turn-p9' }] });
    await untilState(handle, () => eventTypes(activities).includes('session.rewind-failed'));
    expect(await untilState(handle, 'idle')).toMatchObject({ generation: 1, checkpointId: 'turn-p1' });
    await send(handle, 'p2');
    await untilTurn(handle, 'p2', 'completed');
    await terminate(handle);
  });
});

test('a rewind under a running turn is refused with what to do', async () => {
  const held = new HeldTurn();
  const activities = scriptedActivities({
    turn: async (input) => {
      await held.released;
      return ended(input);
    },
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await expect(
      handle.executeUpdate(messages.rewindUpdate, { args: [{ checkpointId: 'turn-p0' }] }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining('interrupt it') } });
    held.release();
    await untilTurn(handle, 'p1', 'completed');
    await terminate(handle);
  });
});

test('a fork begins at the checkpoint of the other session', async () => {
  const activities = scriptedActivities({});
  const request = { fork: { sessionId: 'source', checkpointId: 'turn-p7' } };
  await harness.runSession({
    sessionId: 'forked',
    activities,
    request,
    story: async (handle) => {
      expect(await untilState(handle, 'idle')).toMatchObject({ generation: 1, turns: 0, spentUsd: 0 });
      expect(await handle.query(messages.inputQuery)).toMatchObject(request);
      await terminate(handle);
    },
  });
  const calls = activities.calls.filter((call) => call !== 'record');
  expect(calls.slice(0, 3)).toEqual([
    'prepare source turn-p7',
    'create g1',
    expect.stringMatching(/^start g1 fork-/),
  ]);
  const forked = activities.events.find(({ body }) => body.type === 'session.forked');
  expect(forked?.body.data).toEqual({ fromSessionId: 'source', checkpointId: 'turn-p7' });
});

/** Its checkpoint is no sign that it has begun. */
test.each([
  {
    what: 'its checkpoint cannot be had',
    script: { prepare: () => fail(failureTypes.checkpointUnusable, 'there is no checkpoint "turn-p7"') },
    message: 'there is no checkpoint "turn-p7"',
    last: 'prepare source turn-p7',
  },
  {
    what: 'its sandbox does not start',
    script: { start: () => fail(failureTypes.startFailed, 'repository not found') },
    message: 'repository not found',
    last: expect.stringMatching(/^start g1 fork-/),
  },
])('a fork of which $what never began', async ({ what, script, message, last }) => {
  const activities = scriptedActivities(script);
  await harness.runSession({
    sessionId: `fork-${what.replaceAll(' ', '-')}`,
    activities,
    request: { fork: { sessionId: 'source', checkpointId: 'turn-p7' } },
    story: async (handle) => {
      await send(handle, 'p1').catch(() => undefined);
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(await handle.query(messages.stateQuery)).toMatchObject({ status: 'closed', message });
    },
  });
  const bodies = activities.events.map(({ body }) => body);
  expect(bodies.filter(({ type }) => type === 'session.closed')).toMatchObject([
    { data: { reason: 'start-failed', message } },
  ]);
  const failures = bodies.flatMap((body) => (body.type === 'turn.failed' ? [body.data.failure] : []));
  for (const failure of failures) expect(failure).toEqual({ kind: 'start', message });
  const calls = activities.calls.filter((call) => call !== 'record');
  expect(calls.slice(-3)).toEqual([last, 'end', 'close']);
});
