import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { budgetLeft, isSpent } from '../../src/workflows/budget.ts';
import { ended, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes } from './support/session-harness.ts';
import { send, terminate, untilState, untilTurn } from './support/story-words.ts';

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
