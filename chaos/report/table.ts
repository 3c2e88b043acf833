/** The table of a campaign. Pure. */
import { markdownTable } from './markdown.ts';
import type { RunRecord } from '../run/run-options.ts';

export type Row = {
  fault: string;
  what: string;
  tried: number;
  passed: number;
  /** Points that no run with the fault reached, or where there was nothing to strike any more. */
  missed: number;
  recoveryMs: { median: number; worst: number } | null;
};

/** Per step, of undisturbed runs. */
export type Baseline = ReadonlyMap<string, number>;

export function baselineOf(records: readonly RunRecord[]): Baseline {
  const names = new Set(records.flatMap(({ stepMs }) => [...stepMs.keys()]));
  return new Map(
    [...names].map((name) => [name, median(records.flatMap(({ stepMs }) => stepMs.get(name) ?? []))]),
  );
}

export function rowOf(
  fault: { name: string; what: string },
  records: readonly RunRecord[],
  baseline: Baseline,
): Row {
  const good = records.filter(({ violations }) => violations.length === 0);
  const times = baseline.size === 0 ? [] : good.flatMap((record) => recoveriesMs(record, baseline));
  times.sort((a, b) => a - b);
  const tried = pointsStruck(records);
  const failed = pointsStruck(records.filter((record) => !good.includes(record)));
  const wanted = new Set(records.flatMap(({ aim }) => aim?.points ?? []));
  const without = (from: Set<string>, names: Set<string>) =>
    [...from].filter((name) => !names.has(name)).length;
  return {
    fault: fault.name,
    what: fault.what,
    tried: tried.size,
    passed: without(tried, failed),
    missed: without(wanted, tried),
    recoveryMs: times.length === 0 ? null : { median: median(times), worst: times.at(-1) ?? 0 },
  };
}

function pointsStruck(records: readonly RunRecord[]): Set<string> {
  return new Set(records.flatMap(({ struck }) => struck.map(({ name }) => name)));
}

/** How much longer each struck step and the one after it took than undisturbed. */
function recoveriesMs({ struck, stepMs }: RunRecord, baseline: Baseline): number[] {
  const steps = [...baseline.keys()];
  return struck.map(({ step }) =>
    Math.max(
      0,
      [step, steps[steps.indexOf(step) + 1]]
        .map((name = '') => (stepMs.get(name) ?? 0) - (baseline.get(name) ?? 0))
        .reduce((sum, longerMs) => sum + longerMs),
    ),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? upper;
  return (lower + upper) / 2;
}

export function renderTable(rows: readonly Row[]): string {
  const head = [
    'fault',
    'what happens',
    'points tried',
    'passed',
    'not reached',
    'recovery, median',
    'worst',
  ];
  const body = rows.map(({ fault, what, tried, passed, missed, recoveryMs }) => [
    `\`${fault}\``,
    what,
    String(tried),
    String(passed),
    String(missed),
    recoveryMs === null ? '–' : seconds(recoveryMs.median),
    recoveryMs === null ? '–' : seconds(recoveryMs.worst),
  ]);
  return markdownTable([head, ...body], [2, 3, 4, 5, 6]);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
