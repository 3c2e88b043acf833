import { expect, test } from 'vitest';
import type { Fault } from '../../chaos/faults/fault.ts';
import { Points } from '../../chaos/points/points.ts';
import { Blow } from '../../chaos/run/blow.ts';
import type { Play } from '../../chaos/scenario/play.ts';

const names = ['pause/step:begins#1', 'look/step:begins#1'] as const;

/** Steps begin one after the other, each armed with the fault. */
async function play(changes: Partial<Fault>, states: readonly string[] = ['idle', 'idle']) {
  const fault: Fault = {
    name: 'test',
    what: '',
    consequence: 'nothing',
    breadth: 'every-step',
    hasVictim: ({ state }) => state === 'idle',
    strike: async () => true,
    ...changes,
  };
  let step = '';
  let state = '';
  const points = new Points(() => ({ step, state, sandboxAlive: true }));
  const blow = new Blow({ fault, points: names });
  blow.arm(points, {} as Play, () => 7);
  for (const [index, name] of ['pause', 'look'].entries()) {
    step = name;
    state = states[index] ?? '';
    await points.reach('step', 'begins');
  }
  return blow;
}

function struck(blow: Blow): string[] {
  return blow.strikes.map(({ at }) => at.name);
}

test('a fault strikes at each of its points, when what it struck before is there again', async () => {
  const story: string[] = [];
  const blow = await play({
    strike: async () => story.push('struck') > 0,
    heal: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      story.push('healed');
    },
  });
  expect(struck(blow)).toEqual(names);
  expect(blow.strikes.map(({ afterSeq }) => afterSeq)).toEqual([7, 7]);
  await blow.healed();
  expect(story).toEqual(['struck', 'healed', 'struck', 'healed']);
});

test('what did not come back is not struck again, and the run is told', async () => {
  const blow = await play({
    heal: async () => {
      throw new Error('it stays away');
    },
  });
  expect(struck(blow)).toEqual(names.slice(0, 1));
  await expect(blow.healed()).rejects.toThrow('it stays away');
});

test('a blow that fails holds nobody up, and the run is told', async () => {
  const blow = await play({
    strike: async () => {
      throw new Error('nothing to strike with');
    },
  });
  expect(struck(blow)).toEqual([]);
  await expect(blow.healed()).rejects.toThrow('nothing to strike with');
});

test('a fault without a victim at its moment does not strike, whatever was planned', async () => {
  expect(struck(await play({}, ['running/tool', 'idle']))).toEqual(names.slice(1));
  expect(struck(await play({ strike: async () => false }))).toEqual([]);
});

test('a step begins when no activity is under way and its end is some time ago', async () => {
  const points = new Points(() => ({ step: 'pause', state: 'idle', sandboxAlive: true }));
  const attempt = { id: 'run/1', activity: 'runTurn' } as const;
  await points.reachActivity({ ...attempt, moment: 'start' });
  // Killed with its worker, and tried again.
  await points.reachActivity({ ...attempt, moment: 'start' });
  let quiet = false;
  const waiting = points.quiet().then(() => (quiet = true));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(quiet).toBe(false);
  await points.reachActivity({ ...attempt, moment: 'end' });
  await waiting;
  expect(points.reached.map(({ name }) => name)).toEqual([
    'pause/activity-start:runTurn#1',
    'pause/activity-start:runTurn#2',
    'pause/activity-end:runTurn#1',
  ]);
});
