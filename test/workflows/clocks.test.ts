import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { failureTypes } from '../../src/contracts/failures.ts';
import { sessionInputSchema } from '../../src/contracts/session-input.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import { clocksOf, nextClock } from '../../src/workflows/clocks.ts';
import { newQueuedPrompt, newSessionData } from '../../src/workflows/session-data.ts';
import type { SessionData } from '../../src/workflows/session-data.ts';
import { checkpoint, ended, fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes } from './support/session-harness.ts';
import { HeldTurn, send, terminate, untilState, untilTurn } from './support/story-words.ts';

const now = '2026-01-01T00:00:00.000Z';
const { options } = sessionInputSchema.parse({
  sessionId: 's',
  repositories: [{ url: 'https://example.com/fruit.git' }],
  user: { name: 'Ada', email: 'ada@example.com' },
  options: {
    idleSeconds: 10,
    turnSeconds: 20,
    sandboxLifetimeSeconds: 400,
    rolloverSeconds: 300,
    retentionSeconds: 50,
  },
});
const sandbox = {
  sandboxId: 'sb-1',
  imageId: 'im-1',
  runtimeVersion: '1-sdk.0',
  endsAt: '2026-01-01T00:06:40.000Z',
};

function secondsOf(changes: Partial<SessionData>, runningExecs = 0): Record<string, number | null> {
  const data: SessionData = { ...newSessionData(now), phase: { status: 'idle' }, sandbox, ...changes };
  const clocks = clocksOf(data, options, runningExecs);
  return Object.fromEntries(
    Object.entries(clocks).map(([name, atMs]) => [
      name,
      atMs === null ? null : (atMs - Date.parse(now)) / 1_000,
    ]),
  );
}

describe('the clocks (I12)', () => {
  test('of an idle session: the pause, and the rollover in the last quarter of the sandbox', () => {
    expect(secondsOf({})).toEqual({ pausesAt: 10, turnEndsAt: null, rollsOverAt: 300, closesAt: null });
  });

  test('a running turn, a queued prompt and an exec are no idleness', () => {
    expect(secondsOf({}, 1)['pausesAt']).toBeNull();
    const prompt = newQueuedPrompt({ id: 'p1', text: 'go' });
    expect(secondsOf({ queue: [prompt] })['pausesAt']).toBeNull();
    const running = {
      phase: { status: 'running', turnId: 'p1' },
      queue: [{ ...prompt, startedAt: now }],
    } as const;
    expect(secondsOf({ ...running, queue: [...running.queue] })).toMatchObject({
      pausesAt: null,
      turnEndsAt: 20,
    });
  });

  test('prompts that wait for a raised budget wait for people: the session pauses', () => {
    const prompt = newQueuedPrompt({ id: 'p1', text: 'go' });
    expect(secondsOf({ queue: [prompt], budgetUsd: 1, spentUsd: 1 })['pausesAt']).toBe(10);
  });

  test('of a paused session: its end', () => {
    expect(secondsOf({ phase: { status: 'paused' }, pausedAt: now, sandbox: null })).toEqual({
      pausesAt: null,
      turnEndsAt: null,
      rollsOverAt: null,
      closesAt: 50,
    });
  });

  test('a rollover that waits for an exec waits for half of its time', () => {
    const asked = { ...newSessionData(now).asked, rollover: 'soon' as const };
    expect(secondsOf({ asked }, 1)['rollsOverAt']).toBe(350);
    expect(secondsOf({ asked }, 0)['rollsOverAt']).toBeNull();
  });

  test('the one that acts first is next', () => {
    expect(nextClock({ pausesAt: 3, turnEndsAt: null, rollsOverAt: 2, closesAt: null })).toEqual({
      name: 'rollsOverAt',
      atMs: 2,
    });
    expect(nextClock({ pausesAt: null, turnEndsAt: null, rollsOverAt: null, closesAt: null })).toBeNull();
  });
});

describe('a session', () => {
  const harness = new SessionHarness();

  test('stops a turn at its time limit with a sentence, and goes on with the next one', async () => {
    const held = new HeldTurn();
    const reasons: unknown[] = [];
    const activities = scriptedActivities({
      turn: async (input) => {
        if (input.turnId === 'p2') return ended(input);
        await held.released;
        const failure = { kind: 'limit', message: 'too long' } as const;
        return { ...ended(input), outcome: { status: 'failed', failure } } as ReturnType<typeof ended>;
      },
      interrupt: ({ reason }) => {
        reasons.push(reason);
        held.release();
      },
    });
    const run = async (): Promise<void> =>
      harness.run(
        activities,
        async (handle) => {
          await send(handle, 'p1');
          await send(handle, 'p2');
          const { clocks } = await untilState(handle, 'running');
          expect(clocks.turnEndsAt).not.toBeNull();
          await untilTurn(handle, 'p1', 'failed');
          await untilTurn(handle, 'p2', 'completed');
          await terminate(handle);
        },
        { turnSeconds: 1 },
      );
    await run();
    expect(reasons).toEqual([{ kind: 'limit', message: expect.stringContaining('limit of 1 seconds') }]);
  });

  test('an interrupt that cannot be delivered after a limit was hit is forgotten, and asking again tries again', async () => {
    const held = new HeldTurn();
    const asked: string[] = [];
    const activities = scriptedActivities({
      turn: async (input) => {
        await held.released;
        return ended(input, 'interrupted');
      },
      interrupt: ({ reason }) => {
        asked.push(reason.kind);
        if (asked.length === 2) fail(failureTypes.providerRefused, 'Modal refuses');
        if (asked.length === 3) held.release();
      },
    });
    await harness.run(
      activities,
      async (handle) => {
        await send(handle, 'p1');
        await untilState(handle, () => asked.length === 1);
        await handle.executeUpdate(messages.interruptUpdate, { args: [{}] });
        await untilState(handle, () => eventTypes(activities).includes('warning'));
        await handle.executeUpdate(messages.interruptUpdate, { args: [{}] });
        await untilTurn(handle, 'p1', 'interrupted');
        await terminate(handle);
      },
      { turnSeconds: 1 },
    );
    expect(asked).toEqual(['limit', 'requested', 'requested']);
  });

  test('moves to the next generation before its sandbox ends, with the running turn under its id', async () => {
    const held = new HeldTurn();
    const inputs: unknown[] = [];
    const activities = scriptedActivities({
      turn: async (input) => {
        const { generation, continuation, carriedOver } = input;
        inputs.push({ generation, continuation, carriedOver: carriedOver?.costUsd });
        if (generation > 1) return ended(input);
        await held.released;
        const { totals } = ended(input) as Extract<ReturnType<typeof ended>, { kind: 'ended' }>;
        return { kind: 'suspended', totals, checkpoint: checkpoint(input, 'suspended-p1-g1') };
      },
      interrupt: ({ reason }) => {
        if (reason.kind === 'suspend') held.release();
      },
    });
    await harness.run(
      activities,
      async (handle) => {
        await send(handle, 'p1');
        await untilTurn(handle, 'p1', 'completed');
        await terminate(handle);
      },
      { sandboxLifetimeSeconds: 4, rolloverSeconds: 1 },
    );
    expect(inputs).toEqual([
      { generation: 1, continuation: 0, carriedOver: undefined },
      { generation: 2, continuation: 0, carriedOver: 0.5 },
    ]);
    const continued = activities.events.filter(({ body }) => body.type === 'turn.continued');
    expect(continued).toMatchObject([{ turnId: 'p1', body: { data: { cause: 'rollover', count: 0 } } }]);
    expect(eventTypes(activities)).toContain('sandbox.rollover');
    expect(eventTypes(activities)).not.toContain('turn.restarted');
  });

  test('continues a silent agent in a fresh process, and fails the turn when it stays silent', async () => {
    const continuations: number[] = [];
    const activities = scriptedActivities({
      turn: (input) => {
        if (input.turnId === 'p2') return ended(input);
        continuations.push(input.continuation);
        return { kind: 'agent-silent', quietSeconds: 300 };
      },
    });
    await harness.run(activities, async (handle) => {
      await send(handle, 'p1');
      await send(handle, 'p2');
      await untilTurn(handle, 'p1', 'failed');
      await untilTurn(handle, 'p2', 'completed');
      await terminate(handle);
    });
    expect(continuations).toEqual([0, 1, 2]);
    const continued = activities.events.filter(({ body }) => body.type === 'turn.continued');
    expect(continued.map(({ body }) => body.data)).toEqual(
      [1, 2].map((count) => ({ cause: 'silent', count })),
    );
  });

  test('that stays paused for its retention time closes, and its checkpoints go', async () => {
    const activities = scriptedActivities({});
    let discarded: boolean | undefined;
    activities.closeSession = async ({ discard, events }) => {
      discarded = discard;
      activities.events.push(...events);
    };
    await harness.run(
      activities,
      async (handle) => {
        await untilState(handle, 'idle');
        await handle.executeUpdate(messages.pauseUpdate, { args: [{}] });
        await handle.result();
        expect(await handle.query(messages.stateQuery)).toMatchObject({ status: 'closed' });
      },
      { retentionSeconds: 1 },
    );
    expect(discarded).toBe(true);
    expect(activities.events.at(-1)).toMatchObject({
      body: { type: 'session.closed', data: { reason: 'expired' } },
    });
  });

  test('waits visibly for a provider without room', async () => {
    const held = new HeldTurn();
    const activities = scriptedActivities({
      create: async ({ patient }) => {
        if (!patient) throw busy();
        await held.released;
      },
    });
    await harness.run(activities, async (handle) => {
      const { waiting } = await untilState(handle, (state) => state.waiting !== null);
      expect(waiting?.message).toContain('no room');
      held.release();
      expect((await untilState(handle, 'idle')).waiting).toBeNull();
      await terminate(handle);
    });
    expect(activities.calls.filter((call) => call.startsWith('create'))).toEqual(['create g1', 'create g1']);
  });
});

function busy(): Error {
  return ApplicationFailure.nonRetryable('Modal has no room for another sandbox', failureTypes.providerBusy);
}
