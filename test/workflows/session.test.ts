import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { ended, fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes, until } from './support/session-harness.ts';

const harness = new SessionHarness();

describe('a session', () => {
  test('runs a prompt, pauses, restores for the next prompt and terminates', async () => {
    const activities = scriptedActivities({});
    await harness.run(activities, async (handle) => {
      expect(
        await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] }),
      ).toEqual({ turnId: 'p1', position: 0 });
      await until(
        () => handle.query(messages.turnQuery, 'p1'),
        (turn) => turn?.status === 'completed',
      );
      await handle.executeUpdate(messages.pauseUpdate, { args: [{}] });
      await until(
        () => handle.query(messages.stateQuery),
        (state) => state.status === 'paused',
      );
      await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p2', text: 'two' }] });
      await until(
        () => handle.query(messages.turnQuery, 'p2'),
        (turn) => turn?.status === 'completed',
      );
      expect(await handle.query(messages.stateQuery)).toMatchObject({
        generation: 2,
        turns: 2,
        costUsd: 1,
        status: 'idle',
      });
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
    // Whether a prompt's event travels or is recorded apart depends on how far the start was.
    expect(activities.calls.filter((call) => call !== 'record')).toEqual([
      'create g1',
      'start g1 new',
      'turn p1 #1',
      'snapshot',
      'end',
      'create g2 from snapshot',
      expect.stringContaining('start g2 snapshot-'),
      'turn p2 #1',
      'end',
      'close',
    ]);
    expect(eventTypes(activities)).toEqual([
      'session.created',
      'prompt.queued',
      'session.pausing',
      'sandbox.ended',
      'session.paused',
      'prompt.queued',
      'session.resuming',
      'session.closed',
    ]);
    expect(new Set(activities.events.map((event) => event.eventId)).size).toBe(activities.events.length);
  });

  test('spends at most 18 history events on an undisturbed turn (I6)', async () => {
    await harness.run(scriptedActivities({}), async (handle) => {
      await until(
        () => handle.query(messages.stateQuery),
        (state) => state.status === 'idle',
      );
      await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p0', text: 'warm up' }] });
      await until(
        () => handle.query(messages.turnQuery, 'p0'),
        (turn) => turn?.status === 'completed',
      );
      const before = (await handle.describe()).historyLength;
      for (let turn = 1; turn <= 5; turn += 1) {
        await handle.executeUpdate(messages.promptUpdate, { args: [{ id: `p${turn}`, text: 'go' }] });
        await until(
          () => handle.query(messages.turnQuery, `p${turn}`),
          (view) => view?.status === 'completed',
        );
      }
      const after = (await handle.describe()).historyLength;
      expect((after - before) / 5).toBeLessThanOrEqual(18);
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
  });

  test('gives the same answer to the same prompt id and refuses another text under it', async () => {
    await harness.run(scriptedActivities({}), async (handle) => {
      const send = async (text: string) =>
        handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text }] });
      expect(await send('one')).toEqual(await send('one'));
      await expect(send('other')).rejects.toThrow(WorkflowUpdateFailedError);
      await handle.signal(messages.promptSignal, { id: 'p1', text: 'one' });
      await until(
        () => handle.query(messages.stateQuery),
        (state) => state.status === 'idle' && state.turns === 1,
      );
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
  });

  test('turns an invalid signal into an event and goes on', async () => {
    const activities = scriptedActivities({});
    await harness.run(activities, async (handle) => {
      await handle.signal(messages.promptSignal, { id: 'bad', text: '' });
      await until(
        async () => eventTypes(activities),
        (seen) => seen.includes('prompt.rejected'),
      );
      await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] });
      await until(
        () => handle.query(messages.turnQuery, 'p1'),
        (turn) => turn?.status === 'completed',
      );
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
  });

  test('continues a turn whose agent died, with one event', async () => {
    const activities = scriptedActivities({
      turn: (input) =>
        input.continuation === 0
          ? { kind: 'agent-lost', cause: 'agent-died', losses: 1, message: 'SIGKILL' }
          : ended(input),
    });
    await harness.run(activities, async (handle) => {
      await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] });
      await until(
        () => handle.query(messages.turnQuery, 'p1'),
        (turn) => turn?.status === 'completed',
      );
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
    expect(eventTypes(activities).filter((type) => type === 'turn.continued')).toHaveLength(1);
  });

  test('runs a turn again in the next generation when its sandbox was lost, and says from where', async () => {
    const activities = scriptedActivities({
      turn: (input) =>
        input.turnId === 'p2' && input.generation === 1
          ? { kind: 'sandbox-lost', cause: 'killed', started: true }
          : ended(input),
    });
    await harness.run(activities, async (handle) => {
      for (const id of ['p1', 'p2'])
        await handle.executeUpdate(messages.promptUpdate, { args: [{ id, text: id }] });
      await until(
        () => handle.query(messages.turnQuery, 'p2'),
        (turn) => turn?.status === 'completed',
      );
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
    const restarted = activities.events.filter((event) => event.body.type === 'turn.restarted');
    expect(restarted.map((event) => event.body.data)).toMatchObject([{ checkpointId: 'turn-p1', count: 1 }]);
    expect(activities.calls).toContain('start g2 turn-p1');
  });

  test('interrupts the running turn by its own activity', async () => {
    let release: () => void = () => undefined;
    const interrupted = new Promise<void>((resolve) => (release = resolve));
    const activities = scriptedActivities({
      turn: async (input) => {
        await interrupted;
        return ended(input, 'interrupted');
      },
    });
    const { interrupts } = activities;
    activities.interruptTurn = async ({ turnId }) => {
      interrupts.push(turnId);
      release();
    };
    await harness.run(activities, async (handle) => {
      await handle.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] });
      await until(
        () => handle.query(messages.stateQuery),
        (state) => state.status === 'running',
      );
      expect(await handle.executeUpdate(messages.interruptUpdate, { args: [{}] })).toEqual({ turnId: 'p1' });
      await until(
        () => handle.query(messages.turnQuery, 'p1'),
        (turn) => turn?.status === 'interrupted',
      );
      expect(await handle.executeUpdate(messages.interruptUpdate, { args: [{}] })).toEqual({ turnId: null });
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
    expect(activities.interrupts).toEqual(['p1']);
  });

  test('fails with the cause when it cannot start, and ends its sandbox and its prompts', async () => {
    const activities = scriptedActivities({ start: () => fail('StartFailed', 'repository not found') });
    await harness.run(activities, async (handle) => {
      await handle
        .executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'one' }] })
        .catch(() => undefined);
      const failure = await handle.result().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(WorkflowFailedError);
      expect(String((failure as WorkflowFailedError).cause)).toContain('repository not found');
      expect(await handle.query(messages.stateQuery)).toMatchObject({
        status: 'closed',
        message: 'repository not found',
      });
    });
    expect(activities.calls.slice(-2)).toEqual(['end', 'close']);
  });

  test('carries everything through continue-as-new', async () => {
    const activities = scriptedActivities({});
    await harness.run(activities, async (handle) => {
      const first = (await handle.describe()).runId;
      for (let turn = 1; turn <= 12; turn += 1) {
        await handle.executeUpdate(messages.promptUpdate, { args: [{ id: `p${turn}`, text: 'go' }] });
        await until(
          () => handle.query(messages.turnQuery, `p${turn}`),
          (view) => view?.status === 'completed',
        );
      }
      expect((await harness.client.workflow.getHandle(handle.workflowId).describe()).runId).not.toBe(first);
      const latest = harness.client.workflow.getHandle(handle.workflowId);
      expect(await latest.query(messages.stateQuery)).toMatchObject({
        turns: 12,
        generation: 1,
        status: 'idle',
      });
      await expect(
        latest.executeUpdate(messages.promptUpdate, { args: [{ id: 'p1', text: 'other' }] }),
      ).rejects.toThrow(WorkflowUpdateFailedError);
      await latest.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await latest.result();
    });
    expect(activities.calls.filter((call) => call.startsWith('create'))).toEqual(['create g1']);
    expect(activities.calls.filter((call) => call.startsWith('turn'))).toHaveLength(12);
    expect(new Set(activities.events.map((event) => event.eventId)).size).toBe(activities.events.length);
  });

  test('ends gracefully when the workflow is cancelled', async () => {
    const activities = scriptedActivities({});
    await harness.run(activities, async (handle) => {
      await until(
        () => handle.query(messages.stateQuery),
        (state) => state.status === 'idle',
      );
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(await handle.query(messages.stateQuery)).toMatchObject({ status: 'closed' });
    });
    expect(activities.calls.slice(-2)).toEqual(['end', 'close']);
  });

  test('runs an exec beside a turn and remembers its outcome', async () => {
    const activities = scriptedActivities({});
    await harness.run(activities, async (handle) => {
      await handle.executeUpdate(messages.execUpdate, { args: [{ id: 'e1', argv: ['ls'] }] });
      await until(
        () => handle.query(messages.execQuery, 'e1'),
        (exec) => exec?.status === 'exited',
      );
      await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await handle.result();
    });
    expect(activities.calls).toContain('exec e1');
  });
});
