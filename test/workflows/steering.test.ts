import { describe, expect, test } from 'vitest';
import { failureTypes } from '../../src/contracts/failures.ts';
import { turnEndEventId } from '../../src/contracts/ids.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import type { TurnView } from '../../src/contracts/turn.ts';
import type { RunTurnInput } from '../../src/activities/types.ts';
import { ended, fail, scriptedActivities } from './support/scripted-activities.ts';
import type { ScriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, eventTypes } from './support/session-harness.ts';
import { HeldTurn, send, terminate, untilState, untilTurn } from './support/story-words.ts';

const harness = new SessionHarness();

test('a steering prompt is said within the running turn, and ends with it', async () => {
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
    expect(await send(handle, 's1', { mode: 'steer' })).toEqual({ turnId: 's1', position: 0, steers: 'p1' });
    await untilState(handle, () => activities.calls.includes('steer p1 with s1'));
    await expect(
      handle.executeUpdate(messages.cancelPromptUpdate, { args: [{ id: 's1' }] }),
    ).rejects.toThrow();
    held.release();
    await untilTurn(handle, 's1', 'steered');
    expect(await handle.query(messages.turnQuery, 's1')).toMatchObject({ into: 'p1' });
    await terminate(handle);
  });
  expect(activities.calls.filter((call) => call.startsWith('turn '))).toEqual(['turn p1 #1']);
  expect(eventTypes(activities)).toContain('turn.steering');
});

test('a steering prompt that comes too late is a turn of its own', async () => {
  const held = new HeldTurn();
  const activities = scriptedActivities({
    turn: async (input) => {
      if (input.turnId !== 'p1') return ended(input);
      await held.released;
      return ended(input);
    },
    steer: () => {
      held.release();
      return { steered: false };
    },
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await send(handle, 'p2');
    await send(handle, 's1', { mode: 'steer' });
    await untilTurn(handle, 'p2', 'completed');
    await untilTurn(handle, 's1', 'completed');
    await terminate(handle);
  });
  // Before what was queued: it was meant for now.
  expect(activities.calls.filter((call) => call.startsWith('turn '))).toEqual([
    'turn p1 #1',
    'turn s1 #1',
    'turn p2 #1',
  ]);
});

test('what was said within a turn is said again when its sandbox is lost', async () => {
  const held = new HeldTurn();
  const inputs: RunTurnInput[] = [];
  const activities = scriptedActivities({
    turn: async (input) => {
      inputs.push(input);
      if (input.generation > 1) return ended(input);
      await held.released;
      return { kind: 'sandbox-lost', cause: 'killed', started: true };
    },
    steer: () => {
      held.release();
      return { steered: true };
    },
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await send(handle, 's1', { mode: 'steer' });
    await untilTurn(handle, 'p1', 'completed');
    await untilTurn(handle, 's1', 'steered');
    await terminate(handle);
  });
  expect(inputs.map(({ steers }) => steers)).toEqual([[], [{ promptId: 's1', text: 's1' }]]);
});

/** Their turn `p1` ends with the agent told of these, whatever was given to it. */
function thatTold(steered: string[], script: Parameters<typeof scriptedActivities>[0]): ScriptedActivities {
  const scripted = scriptedActivities(script);
  return {
    ...scripted,
    runTurn: async (input) => {
      const report = await scripted.runTurn(input);
      return report.kind === 'ended' && input.turnId === 'p1' ? { ...report, steered } : report;
    },
  };
}

/** Whoever carried it, the journal alone knows whether the agent had it. */
describe('a steering prompt that goes with the continuation of a silent turn', () => {
  /** The turn falls silent with `s1` not taken, and is over when the continuation comes: its agent was told `heard`. */
  const play = async (heard: string[], s1: TurnView['status']): Promise<string[]> => {
    const held = new HeldTurn();
    const carried: string[][] = [];
    const activities = thatTold(heard, {
      turn: async (input) => {
        if (input.turnId !== 'p1') return ended(input);
        carried.push(input.steers.map(({ promptId }) => promptId));
        await held.released;
        return input.continuation === 0 ? { kind: 'agent-silent', quietSeconds: 300 } : ended(input);
      },
      steer: () => {
        held.release();
        return { steered: false };
      },
    });
    await harness.run(activities, async (handle) => {
      await send(handle, 'p1');
      await untilTurn(handle, 'p1', 'running');
      await send(handle, 's1', { mode: 'steer' });
      await untilTurn(handle, 'p1', 'completed');
      await untilState(handle, 'idle');
      expect(await handle.query(messages.turnQuery, 's1')).toMatchObject({ turnId: 's1', status: s1 });
      await terminate(handle);
    });
    expect(carried).toEqual([[], ['s1']]);
    return activities.calls.filter((call) => call.startsWith('turn '));
  };

  test('is a turn of its own when the turn had ended before the agent was told', async () => {
    expect(await play([], 'completed')).toEqual(['turn p1 #1', 'turn p1 #2', 'turn s1 #1']);
  });

  test('ends with the turn when the agent was told, and does not run once more', async () => {
    expect(await play(['s1'], 'steered')).toEqual(['turn p1 #1', 'turn p1 #2']);
  });
});

test('what was said within a turn although nobody could say so ends with the turn', async () => {
  const held = new HeldTurn();
  const activities = thatTold(['s1'], {
    turn: async (input) => {
      await held.released;
      return ended(input);
    },
    steer: () => {
      held.release();
      return fail(failureTypes.inconsistent, 'the answer was lost');
    },
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await send(handle, 's1', { mode: 'steer' });
    await untilState(handle, ({ status, turns }) => status === 'idle' && turns > 0);
    expect(await handle.query(messages.turnQuery, 's1')).toMatchObject({ status: 'steered', into: 'p1' });
    await terminate(handle);
  });
  expect(activities.calls.filter((call) => call.startsWith('turn '))).toEqual(['turn p1 #1']);
});

test('an interrupting prompt runs next, and the running turn is interrupted', async () => {
  const held = new HeldTurn();
  const activities = scriptedActivities({
    turn: async (input) => {
      if (input.turnId !== 'p1') return ended(input);
      await held.released;
      return ended(input, 'interrupted');
    },
    interrupt: () => held.release(),
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await send(handle, 'p2');
    expect(await send(handle, 'p3', { mode: 'interrupt' })).toEqual({ turnId: 'p3', position: 1 });
    await untilTurn(handle, 'p1', 'interrupted');
    await untilTurn(handle, 'p2', 'completed');
    await terminate(handle);
  });
  expect(activities.calls.filter((call) => call.startsWith('turn '))).toEqual([
    'turn p1 #1',
    'turn p3 #1',
    'turn p2 #1',
  ]);
});

test('a queued prompt is cancelled, once, and never runs; a running one is not', async () => {
  const held = new HeldTurn();
  const activities = scriptedActivities({
    turn: async (input) => {
      if (input.turnId === 'p1') await held.released;
      return ended(input);
    },
  });
  await harness.run(activities, async (handle) => {
    const cancel = async (id: string) =>
      handle.executeUpdate(messages.cancelPromptUpdate, { args: [{ id }] });
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await send(handle, 'p2');
    await send(handle, 'p3');
    expect(await cancel('p2')).toEqual({ accepted: true });
    expect(await cancel('p2')).toEqual({ accepted: true });
    await expect(cancel('p1')).rejects.toMatchObject({
      cause: { message: expect.stringContaining('interrupt it') },
    });
    await expect(cancel('p9')).rejects.toMatchObject({
      cause: { message: expect.stringContaining('no prompt') },
    });
    expect(await handle.query(messages.turnQuery, 'p2')).toMatchObject({ status: 'cancelled' });
    held.release();
    await untilTurn(handle, 'p3', 'completed');
    await terminate(handle);
  });
  expect(activities.calls.filter((call) => call.startsWith('turn '))).toEqual(['turn p1 #1', 'turn p3 #1']);
  expect(activities.events.filter(({ eventId }) => eventId === turnEndEventId('p2'))).toMatchObject([
    { body: { type: 'prompt.cancelled' }, turnId: 'p2' },
  ]);
});
