import { describe, expect, test } from 'vitest';
import type { TurnReport } from '../../src/activities/types.ts';
import { failureTypes } from '../../src/contracts/failures.ts';
import { turnEndEventId } from '../../src/contracts/ids.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import { budgetLeft, isSpent } from '../../src/workflows/budget.ts';
import { checkpoint, ended, fail, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes } from './support/session-harness.ts';
import { HeldTurn, send, terminate, untilState, untilTurn } from './support/story-words.ts';

const harness = new SessionHarness();

test('what is left of a budget', () => {
  expect(budgetLeft({ budgetUsd: null, spentUsd: 5 })).toBeNull();
  expect(budgetLeft({ budgetUsd: 2, spentUsd: 0.5 })).toBe(1.5);
  expect(budgetLeft({ budgetUsd: 2, spentUsd: 2.5 })).toBe(0);
  expect(isSpent({ budgetUsd: null, spentUsd: 5 })).toBe(false);
  expect(isSpent({ budgetUsd: 2, spentUsd: 2 })).toBe(true);
});

test('prompts wait when the budget is used up, and run when it is raised', async () => {
  const left: (number | null)[] = [];
  // Each turn costs 0.5.
  const activities = scriptedActivities({
    turn: (input) => {
      left.push(input.budgetLeftUsd);
      return ended(input);
    },
  });
  await harness.run(
    activities,
    async (handle) => {
      await send(handle, 'p1');
      await send(handle, 'p2');
      await untilTurn(handle, 'p2', 'completed');
      await send(handle, 'p3');
      expect(await untilState(handle, 'idle')).toMatchObject({
        spentUsd: 1,
        budgetUsd: 1,
        queue: [{ turnId: 'p3' }],
      });
      await handle.executeUpdate(messages.setBudgetUpdate, { args: [{ budgetUsd: 1.2 }] });
      await untilTurn(handle, 'p3', 'completed');
      await handle.executeUpdate(messages.setBudgetUpdate, { args: [{ budgetUsd: null }] });
      expect(await untilState(handle, 'idle')).toMatchObject({ budgetUsd: null });
      await terminate(handle);
    },
    { budgetUsd: 1 },
  );
  expect(left).toEqual([1, 0.5, expect.closeTo(0.2)]);
  const told = eventTypes(activities).filter((type) => type === 'session.budget-reached');
  expect(told).toHaveLength(2);
});

describe('a turn that was suspended by a rollover and then failed', () => {
  const usedBefore = 0.75;

  /** After `p0` for 0.5, `p1` is suspended with what it had used, and then as `next` says. */
  const play = async (next: () => TurnReport) => {
    const held = new HeldTurn();
    const costs: Record<string, number> = {};
    const activities = scriptedActivities({
      turn: async (input) => {
        costs[`${input.turnId}${input.carriedOver === undefined ? '' : ' again'}`] ??= input.costUsd;
        if (input.turnId !== 'p1') return ended(input);
        if (input.carriedOver !== undefined) return next();
        await held.released;
        return {
          kind: 'suspended',
          totals: { costUsd: usedBefore, durationMs: 7, usage },
          checkpoint: checkpoint(input, 'suspended-p1-g1'),
        };
      },
      interrupt: ({ reason }) => {
        if (reason.kind === 'suspend') held.release();
      },
      snapshot: ({ costUsd }) => {
        if ('p1' in costs) costs['snapshot'] ??= costUsd;
      },
    });
    await harness.run(
      activities,
      async (handle) => {
        for (const id of ['p0', 'p1', 'p2']) await send(handle, id);
        await untilTurn(handle, 'p1', 'failed');
        expect(await handle.query(messages.turnQuery, 'p1')).toMatchObject({ costUsd: usedBefore });
        await untilTurn(handle, 'p2', 'completed');
        // 0.5 for each of the two others.
        expect(await handle.query(messages.stateQuery)).toMatchObject({
          costUsd: 1.75,
          spentUsd: 1.75,
          turns: 3,
        });
        await terminate(handle);
      },
      { sandboxLifetimeSeconds: 4, rolloverSeconds: 1 },
    );
    return { costs, activities };
  };

  const usage = { inputTokens: 3, outputTokens: 4, cacheReadTokens: 0, cacheWriteTokens: 0 };

  test.each([
    {
      how: 'because it could not be run again',
      next: (): TurnReport => fail(failureTypes.providerRefused, 'Modal refuses'),
    },
    {
      how: 'because its sandbox was lost again and again',
      next: (): TurnReport => ({ kind: 'sandbox-lost', cause: 'killed', started: true }),
    },
  ])('$how: what it had used counts once', async ({ next }) => {
    const { costs, activities } = await play(next);
    // The conversation holds it before the session counts it.
    expect(costs).toEqual({ p0: 0, p1: 0.5, snapshot: 1.25, 'p1 again': 0.5, p2: 1.25 });
    const end = activities.events.find(({ eventId }) => eventId === turnEndEventId('p1'));
    expect(end?.body).toMatchObject({
      type: 'turn.failed',
      data: { costUsd: usedBefore, durationMs: 7, usage },
    });
  });
});
