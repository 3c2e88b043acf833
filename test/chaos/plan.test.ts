import { expect, test } from 'vitest';
import type { Fault } from '../../chaos/faults/fault.ts';
import { missedPoints, planRuns, resume, stablePoints, unstruck } from '../../chaos/plan.ts';
import { isPointName, PointCounter } from '../../chaos/points/point.ts';
import type { PointName } from '../../chaos/points/point.ts';
import type { ReachedPoint } from '../../chaos/points/points.ts';
import { Random } from '../../chaos/random.ts';
import type { Aim, RunRecord } from '../../chaos/run/run-options.ts';

function reached(name: PointName, state = 'idle', sandboxAlive = true): ReachedPoint {
  const [, step = '', kind, what = ''] = /^(.*)\/([a-z-]+):(.*)#/.exec(name) ?? [];
  return { name, kind: kind as ReachedPoint['kind'], what, step, state, sandboxAlive };
}

function fault(breadth: Fault['breadth'], hasVictim: Fault['hasVictim'] = () => true): Fault {
  return { name: breadth, what: '', consequence: 'nothing', breadth, hasVictim, strike: async () => true };
}

const listing = [
  reached('start/step:begins#1', 'none', false),
  reached('commit/modal:SandboxCreateV2#1', 'starting', false),
  reached('commit/record:turn.started#1'),
  reached('commit/record:turn.started#2', 'running/started'),
  reached('commit/activity-start:runTurn#1', 'running/started'),
];

function pointsOf(aims: ReturnType<typeof planRuns>): string[] {
  return aims.flatMap(({ points }) => points).sort();
}

test('a point is named by its step, what it is and how often that was before in the step', () => {
  const counter = new PointCounter();
  expect([
    counter.next('queue', 'record', 'turn.started'),
    counter.next('queue', 'record', 'turn.ended'),
    counter.next('queue', 'record', 'turn.started'),
    counter.next('steer', 'record', 'turn.started'),
  ]).toEqual([
    'queue/record:turn.started#1',
    'queue/record:turn.ended#1',
    'queue/record:turn.started#2',
    'steer/record:turn.started#1',
  ]);
  for (const { name } of listing) expect(isPointName(name), name).toBe(true);
  for (const name of ['record:turn.started#1', 'queue/turn.started#1', 'queue/record:turn.started', 'queue'])
    expect(isPointName(name), name).toBe(false);
});

test('only what every undisturbed run reached is a point', () => {
  const other = listing.filter(({ name }) => name !== 'commit/record:turn.started#2');
  expect(stablePoints([listing, other]).map(({ name }) => name)).toEqual(other.map(({ name }) => name));
});

test('a fault strikes at every point, at every step, or once in every state', () => {
  const plan = (breadth: Fault['breadth']) =>
    planRuns({ listings: [listing], faults: [fault(breadth)], random: new Random(1, 'test') });
  expect(pointsOf(plan('every-point'))).toEqual(listing.map(({ name }) => name).sort());
  expect(pointsOf(plan('every-step'))).toEqual(['start/step:begins#1']);
  const states = pointsOf(plan('every-state')).map(
    (point) => listing.find(({ name }) => name === point)?.state,
  );
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
    return planRuns({ listings: [listing], faults: [fault('every-point')], random, most }).flatMap(
      ({ points }) => points,
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
    points: ['commit/modal:SandboxCreateV2#1'],
  });
  expect(pointsOf(aims)).toEqual(['commit/modal:SandboxCreateV2#1']);
});

const [first, second, third] = ['a/record:r#1', 'b/record:r#1', 'c/record:r#1'] as const;

function played(aim: Aim | null, struck: readonly PointName[], changes: Partial<RunRecord> = {}): RunRecord {
  return {
    run: 'r',
    aim,
    reached: [],
    struck: struck.map((name) => reached(name)),
    stepMs: new Map(),
    durationMs: 1,
    violations: [],
    details: [],
    ...changes,
  };
}

test('of a campaign that was cut short what was played counts, what failed is played again, anything else is passed over', () => {
  const kill = fault('every-point');
  const stop = fault('every-state');
  const failed = { violations: [{ check: 'nothing left', sentence: 'left behind: a sandbox' }] };
  const planned = [
    null,
    null,
    { fault: kill, points: [first, third] },
    { fault: kill, points: [second] },
    { fault: stop, points: [second] },
  ];
  const known = [
    played(null, []),
    played({ fault: kill, points: [first, third] }, [first], { run: 'kept' }),
    played({ fault: kill, points: [second] }, [second], failed),
    // Not planned: of another listing.
    played({ fault: kill, points: [third] }, [third]),
    played({ fault: kill, points: [first] }, [first], failed),
  ];
  const { played: before, missing, failedBefore } = resume(planned, known);
  expect(before.map(({ run, aim }) => [run, aim?.points])).toEqual([
    ['r', undefined],
    ['kept', [first, third]],
  ]);
  expect(missing).toEqual([null, ...planned.slice(3)]);
  expect(failedBefore).toBe(1);
  // Once is enough, whatever failed before.
  const again = resume(planned, [...known, played({ fault: kill, points: [second] }, [second])]);
  expect(again.missing).toEqual([null, ...planned.slice(4)]);
  expect(resume(planned, []).missing).toEqual(planned);
});

test('a point that a run with others did not strike is tried in a run of its own', () => {
  const kill = fault('every-point');
  const records = [
    played(null, []),
    played({ fault: kill, points: [first, third] }, [third]),
    played({ fault: kill, points: [second] }, []),
  ];
  expect(missedPoints(records)).toEqual([{ fault: kill, points: [first] }]);
  expect(records.map(unstruck)).toEqual([[], [first], [second]]);
});

test('points share a run when a step lies between them, and as few runs as can be are played', () => {
  const steps = ['a', 'b', 'c', 'd'];
  const counts = [2, 5, 3, 4];
  const points = steps.flatMap((step, index) =>
    Array.from({ length: counts[index] ?? 0 }, (_, n) => reached(`${step}/record:r#${n + 1}`)),
  );
  const plan = (alone: Partial<Fault>) => {
    const faults = [{ ...fault('every-point'), ...alone }];
    return planRuns({ listings: [points], faults, random: new Random(1, 'test') });
  };
  const runs = plan({});
  expect(pointsOf(runs)).toEqual(points.map(({ name }) => name).sort());
  for (const run of runs) {
    const places = run.points.map((name) => steps.indexOf(name.slice(0, 1)));
    for (const [index, place] of places.slice(1).entries())
      expect(place - (places[index] ?? 0)).toBeGreaterThan(1);
  }
  // Neighbours need a run for each of their points.
  expect(runs).toHaveLength(8);
  expect(plan({ alone: true })).toHaveLength(points.length);
});
