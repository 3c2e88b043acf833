import { expect, test } from 'vitest';
import type { Fault } from '../../chaos/faults/fault.ts';
import { planRuns, stablePoints } from '../../chaos/plan.ts';
import { PointCounter } from '../../chaos/points/point.ts';
import type { PointName } from '../../chaos/points/point.ts';
import type { ReachedPoint } from '../../chaos/points/points.ts';
import { Random } from '../../chaos/random.ts';

function reached(name: PointName, state = 'idle', sandboxAlive = true): ReachedPoint {
  return { name, step: 'commit', state, sandboxAlive };
}

function fault(breadth: Fault['breadth'], hasVictim: Fault['hasVictim'] = () => true): Fault {
  return { name: breadth, what: '', consequence: 'nothing', breadth, hasVictim, strike: async () => true };
}

const listing = [
  reached('step:start#1', 'none', false),
  reached('modal:SandboxCreateV2#1', 'starting', false),
  reached('record:turn.started#1'),
  reached('record:turn.started#2', 'running/started'),
  reached('activity-start:runTurn#1', 'running/started'),
];

function pointsOf(aims: ReturnType<typeof planRuns>): string[] {
  return aims.map(({ point }) => point).sort();
}

test('a point is named by what it is and how often that was before', () => {
  const counter = new PointCounter();
  expect([
    counter.next('record', 'turn.started'),
    counter.next('record', 'turn.ended'),
    counter.next('record', 'turn.started'),
  ]).toEqual(['record:turn.started#1', 'record:turn.ended#1', 'record:turn.started#2']);
});

test('only what every undisturbed run reached is a point', () => {
  const other = listing.filter(({ name }) => name !== 'record:turn.started#2');
  expect(stablePoints([listing, other]).map(({ name }) => name)).toEqual(other.map(({ name }) => name));
});

test('a fault strikes at every point, at every step, or once in every state', () => {
  const plan = (breadth: Fault['breadth']) =>
    planRuns({ listings: [listing], faults: [fault(breadth)], random: new Random(1, 'test') });
  expect(pointsOf(plan('every-point'))).toEqual(listing.map(({ name }) => name).sort());
  expect(pointsOf(plan('every-step'))).toEqual(['step:start#1']);
  const states = plan('every-state').map(({ point }) => listing.find(({ name }) => name === point)?.state);
  expect(states).toHaveLength(4);
  expect(new Set(states)).toEqual(new Set(['idle', 'none', 'running/started', 'starting']));
});

test('a fault strikes only where it has a victim', () => {
  const onSandbox = fault('every-point', ({ sandboxAlive }) => sandboxAlive);
  const aims = planRuns({ listings: [listing], faults: [onSandbox], random: new Random(1, 'test') });
  expect(pointsOf(aims)).toEqual(
    listing
      .filter((point) => point.sandboxAlive)
      .map(({ name }) => name)
      .sort(),
  );
});

test('the same seed plans the same runs in the same order, another one others', () => {
  const most = 3;
  const plan = (seed: number): string[] => {
    const random = new Random(seed, 'test');
    return planRuns({ listings: [listing], faults: [fault('every-point')], random, most }).map(
      ({ point }) => point,
    );
  };
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).toHaveLength(most);
  expect(new Set([1, 2, 3, 4, 5, 6].map((seed) => plan(seed).join())).size).toBeGreaterThan(1);
});

test('a point that is named is the only one, whatever the fault strikes otherwise', () => {
  const aims = planRuns({
    listings: [],
    faults: [fault('every-step')],
    random: new Random(1, 'test'),
    point: 'modal:SandboxCreateV2#1',
  });
  expect(pointsOf(aims)).toEqual(['modal:SandboxCreateV2#1']);
});
