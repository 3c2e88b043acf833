import { expect, test } from 'vitest';
import { allFaults } from '../../chaos/faults/all.ts';
import type { Fault } from '../../chaos/faults/fault.ts';
import { InvalidOptions, parseOptions } from '../../chaos/options.ts';
import { baselineOf, renderTable, rowOf } from '../../chaos/report/table.ts';
import type { RunRecord } from '../../chaos/run/run-options.ts';

const theFault = allFaults[0] as Fault;

let points = 0;

/** Struck once, at a point of its own. */
function record(step: string, stepMs: number, changes: Partial<RunRecord> = {}): RunRecord {
  const name = `${step}/step:begins#${(points += 1)}` as const;
  const point = { name, kind: 'step', what: 'begins', step, state: 'idle', sandboxAlive: true } as const;
  return {
    run: 'r',
    aim: { fault: theFault, points: [name] },
    reached: [],
    struck: [point],
    stepMs: new Map([['pause', stepMs]]),
    durationMs: 1,
    violations: [],
    details: [],
    ...changes,
  };
}

test('a row counts what was tried and passed, and tells how much longer the struck step took', () => {
  const baseline = baselineOf([record('pause', 1_000)]);
  const row = rowOf(
    { name: 'worker-kill', what: 'killed' },
    [
      record('pause', 2_000),
      record('pause', 9_000),
      record('pause', 900),
      record('pause', 60_000, { violations: [{ check: 'nothing left', sentence: 'left' }] }),
      record('pause', 1_000, { struck: [] }),
    ],
    baseline,
  );
  expect(row).toMatchObject({ tried: 4, passed: 3, missed: 1, recoveryMs: { median: 1_000, worst: 8_000 } });
  expect(renderTable([row]).split('\n').at(-1)).toBe(
    '| `worker-kill` | killed       |            4 |      3 |           1 |            1.0 s | 8.0 s |',
  );
});

test('what the step after made up for is no recovery, and of two the median is their mean', () => {
  const steps = (pause: number, look: number, end: number) =>
    new Map([
      ['pause', pause],
      ['look', look],
      ['terminate', end],
    ]);
  const baseline = baselineOf([1_000, 3_000].map((ms) => record('pause', 0, { stepMs: steps(ms, ms, ms) })));
  expect([...baseline.values()]).toEqual([2_000, 2_000, 2_000]);
  const row = (...times: Map<string, number>[]) =>
    rowOf(
      theFault,
      times.map((stepMs) => record('pause', 0, { stepMs })),
      baseline,
    ).recoveryMs;
  // The step after that is another blow's.
  expect(row(steps(3_000, 4_000, 90_000))).toEqual({ median: 3_000, worst: 3_000 });
  // Waited for in the one step, not in the other.
  expect(row(steps(4_000, 1_500, 0))).toEqual({ median: 1_500, worst: 1_500 });
  expect(row(steps(1_000, 1_000, 0))).toEqual({ median: 0, worst: 0 });
  expect(row(steps(3_000, 2_000, 0), steps(4_000, 2_000, 0))).toEqual({ median: 1_500, worst: 2_000 });
});

test('options are checked, with the usage behind what is wrong', () => {
  expect(parseOptions(['--seed', '7', '--only', 'worker-kill,disk-full'])).toMatchObject({
    seed: 7,
    only: ['worker-kill', 'disk-full'],
    parallel: 4,
  });
  expect(() => parseOptions(['--points', 'many'])).toThrow(InvalidOptions);
  expect(() => parseOptions(['--unknown'])).toThrow(InvalidOptions);
  expect(() => parseOptions(['--point', 'record:turn.started#1'])).toThrow(
    '"record:turn.started#1" names no point: a point is STEP/KIND:WHAT#NUMBER',
  );
  expect(parseOptions(['--point', 'prompt that interrupts/record:turn.started#1'])).not.toBe('help');
  expect(parseOptions(['-h'])).toBe('help');
});
