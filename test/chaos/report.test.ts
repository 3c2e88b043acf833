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

test('options are checked, with the usage behind what is wrong', () => {
  expect(parseOptions(['--seed', '7', '--only', 'worker-kill,disk-full'])).toMatchObject({
    seed: 7,
    only: ['worker-kill', 'disk-full'],
    parallel: 4,
  });
  expect(() => parseOptions(['--points', 'many'])).toThrow(InvalidOptions);
  expect(() => parseOptions(['--unknown'])).toThrow(InvalidOptions);
  expect(parseOptions(['-h'])).toBe('help');
});
