/** The table of a campaign. Pure. */
import { markdownTable } from './markdown.ts';
import type { RunRecord } from '../run/run-options.ts';

export type Row = {
  fault: string;
  what: string;
  tried: number;
  passed: number;
  /** Points that the run with the fault did not reach, or where there was nothing to strike any more. */
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
  const struck = records.filter((record) => record.struck !== null);
  const times = struck
    .filter(({ violations }) => violations.length === 0)
    .flatMap((record) => (baseline.size === 0 ? [] : recoveryMs(record, baseline)))
    .sort((a, b) => a - b);
  return {
    fault: fault.name,
    what: fault.what,
    tried: struck.length,
    passed: struck.filter(({ violations }) => violations.length === 0).length,
    missed: records.length - struck.length,
    recoveryMs: times.length === 0 ? null : { median: median(times), worst: times.at(-1) ?? 0 },
  };
}

/** How much longer the struck step took than undisturbed. */
function recoveryMs({ struck, stepMs }: RunRecord, baseline: Baseline): number {
  if (struck === null) return 0;
  return Math.max(0, (stepMs.get(struck.step) ?? 0) - (baseline.get(struck.step) ?? 0));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
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
