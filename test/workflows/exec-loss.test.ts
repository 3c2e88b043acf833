/** What becomes of an exec, and of its session, when the sandbox turns out to be gone. */
import { expect, test } from 'vitest';
import type { ExecReport } from '../../src/activities/types.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import type { ExecView } from '../../src/contracts/turn.ts';
import { ended, scriptedActivities } from './support/scripted-activities.ts';
import type { ScriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes, until } from './support/session-harness.ts';
import type { SessionHandle } from './support/session-harness.ts';

const harness = new SessionHarness();
const done: ExecReport = { kind: 'ended', outcome: { status: 'exited', exitCode: 0 }, output: 'done' };

function lost(started: boolean): ExecReport {
  return { kind: 'sandbox-lost', cause: 'it was terminated', started };
}

async function execIn(handle: SessionHandle, id: string): Promise<ExecView | null> {
  await until(
    () => handle.query(messages.stateQuery),
    (state) => state.status === 'idle',
  );
  await handle.executeUpdate(messages.execUpdate, { args: [{ id, argv: ['ls'] }] });
  return until(
    () => handle.query(messages.execQuery, id),
    (exec) => exec !== null && exec.status !== 'running',
  );
}

async function terminate(handle: SessionHandle): Promise<void> {
  await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
  await handle.result();
}

function asked(activities: ScriptedActivities, what: string): string[] {
  return activities.calls.filter((call) => call.startsWith(what));
}

test('an exec that never began runs in the sandbox that replaces the lost one', async () => {
  const activities = scriptedActivities({
    exec: ({ generation }) => (generation === 1 ? lost(false) : done),
  });
  await harness.run(activities, async (handle) => {
    expect(await execIn(handle, 'e1')).toEqual({
      execId: 'e1',
      status: 'exited',
      exitCode: 0,
      output: 'done',
    });
    expect(await handle.query(messages.stateQuery)).toMatchObject({ generation: 2, status: 'idle' });
    await terminate(handle);
  });
  expect(asked(activities, 'exec')).toEqual(['exec e1', 'exec e1']);
  expect(eventTypes(activities)).toEqual([
    'session.created',
    'sandbox.lost',
    'session.resuming',
    'session.closed',
  ]);
  const [resuming] = activities.events.filter(({ body }) => body.type === 'session.resuming');
  expect(resuming?.body.data).toEqual({ reason: 'sandbox-lost' });
});

test('an exec that may have begun is lost, and the next prompt finds a new sandbox', async () => {
  const activities = scriptedActivities({ exec: () => lost(true) });
  await harness.run(activities, async (handle) => {
    expect(await execIn(handle, 'e1')).toMatchObject({ status: 'lost', message: 'it was terminated' });
    await until(
      () => handle.query(messages.stateQuery),
      (state) => state.generation === 2 && state.status === 'idle',
    );
    await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] });
    await until(
      () => handle.query(messages.turnQuery, 'p1'),
      (turn) => turn?.status === 'completed',
    );
    await terminate(handle);
  });
  expect(asked(activities, 'exec')).toEqual(['exec e1']);
  expect(asked(activities, 'turn')).toEqual(['turn p1 #1']);
  expect(asked(activities, 'start')).toHaveLength(2);
});

test('an exec that never begins is lost after it was tried in three sandboxes', async () => {
  const activities = scriptedActivities({ exec: () => lost(false) });
  await harness.run(activities, async (handle) => {
    expect(await execIn(handle, 'e1')).toMatchObject({
      status: 'lost',
      message: 'the sandbox was lost 3 times before this command began: it was terminated',
    });
    await terminate(handle);
  });
  expect(asked(activities, 'exec')).toEqual(['exec e1', 'exec e1', 'exec e1']);
  expect(eventTypes(activities).filter((type) => type === 'exec.finished')).toHaveLength(1);
});

test('while a turn runs, only the turn gives its sandbox up', async () => {
  const { promise: execLost, resolve: tellLoss } = Promise.withResolvers<void>();
  const activities = scriptedActivities({
    exec: ({ generation }) => {
      if (generation > 1) return done;
      tellLoss();
      return lost(false);
    },
    turn: async (input) => {
      if (input.generation > 1) return ended(input);
      await execLost;
      // Long enough for the exec to be tried again, if it were.
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { kind: 'sandbox-lost', cause: 'it was terminated', started: true };
    },
  });
  await harness.run(activities, async (handle) => {
    await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] });
    await until(
      () => handle.query(messages.stateQuery),
      (state) => state.status === 'running',
    );
    await handle.executeUpdate(messages.execUpdate, { args: [{ id: 'e1', argv: ['ls'] }] });
    await until(
      () => handle.query(messages.execQuery, 'e1'),
      (exec) => exec?.status === 'exited',
    );
    await terminate(handle);
  });
  expect(asked(activities, 'exec')).toEqual(['exec e1', 'exec e1']);
  expect(asked(activities, 'create')).toHaveLength(2);
  expect(eventTypes(activities).filter((type) => type === 'sandbox.lost')).toHaveLength(1);
});

test('a pause that was asked for before the sandbox was lost stays, and holds the exec that never began', async () => {
  const pausing = Promise.withResolvers<void>();
  const activities = scriptedActivities({
    exec: async ({ generation }) => {
      await pausing.promise;
      return generation === 1 ? lost(false) : done;
    },
  });
  await harness.run(activities, async (handle) => {
    await until(
      () => handle.query(messages.stateQuery),
      (state) => state.status === 'idle',
    );
    await handle.executeUpdate(messages.execUpdate, { args: [{ id: 'e1', argv: ['ls'] }] });
    await handle.executeUpdate(messages.pauseUpdate, { args: [{}] });
    pausing.resolve();
    await until(
      () => handle.query(messages.stateQuery),
      (state) => state.status === 'paused',
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await handle.query(messages.stateQuery)).toMatchObject({ status: 'paused', generation: 1 });
    expect(asked(activities, 'snapshot')).toEqual([]);
    expect(asked(activities, 'end')).toEqual(['end']);
    await handle.executeUpdate(messages.resumeUpdate);
    await until(
      () => handle.query(messages.execQuery, 'e1'),
      (exec) => exec?.status === 'exited',
    );
    await terminate(handle);
  });
  expect(eventTypes(activities)).toEqual([
    'session.created',
    'sandbox.lost',
    'session.pausing',
    'snapshot.failed',
    'session.paused',
    'session.resuming',
    'session.closed',
  ]);
});
