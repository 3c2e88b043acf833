/** One setting: undisturbed first, for its points and times, then with its faults. */
import { playAll } from './campaign.ts';
import type { CampaignOptions } from './campaign.ts';
import type { Options } from './options.ts';
import { planRuns, stablePoints } from './plan.ts';
import { Random } from './random.ts';
import type { RunLog } from './run-log.ts';
import { baselineOf, rowOf } from './report/table.ts';
import type { Row } from './report/table.ts';
import type { Aim, RunRecord } from './run/run-options.ts';
import type { Setting } from './setting.ts';

export type SettingResult = {
  setting: Setting;
  rows: readonly Row[];
  records: readonly RunRecord[];
  /** Reached by every undisturbed run. */
  points: number;
  planned: number;
};

type PlaySettingOptions = Omit<CampaignOptions, 'setting' | 'prefix' | 'onRecord'> & {
  options: Options;
  log: RunLog;
  progress: (line: string) => void;
  details: (lines: readonly string[]) => Promise<void>;
};

const undisturbedRuns = 2;

export async function playSetting(setting: Setting, given: PlaySettingOptions): Promise<SettingResult> {
  const { options, progress, details, seed, log } = given;
  const known = options.list ? [] : log.known(setting);
  const records: RunRecord[] = [...known];
  // Whoever names a point knows that it is there.
  const quietRuns = options.point === undefined ? undisturbedRuns : 0;
  let toPlay = quietRuns;
  const onRecord = (record: RunRecord): void => {
    records.push(record);
    progress(`[${records.length}/${toPlay}] ${describe(record)}`);
    void log.add(setting, record);
    if (record.violations.length > 0) void details([describe(record), ...record.details]);
  };
  const common = { ...given, setting, onRecord };
  // One after the other: the first one also makes everything warm.
  const knownQuiet = known.filter(({ aim }) => aim === null);
  const missing = Array.from({ length: quietRuns - knownQuiet.length }, () => null);
  const quiet = [
    ...knownQuiet,
    ...(await playAll(missing, { ...common, parallel: 1, prefix: `quiet-${seed}` })),
  ];
  const listings = quiet.map(({ reached }) => reached);
  const stable = stablePoints(listings);
  if (options.list)
    for (const { name, state, step } of stable) console.log(`${name}  (${state}, step "${step}")`);
  const random = new Random(seed, setting.name);
  const { faults } = setting;
  const aims: Aim[] = options.list
    ? []
    : planRuns({ listings, faults, random, points: options.point, most: options.points });
  toPlay += aims.length;
  await playAll(aims.filter(isNew(known)), { ...common, prefix: `run-${seed}` });
  // What came before in the same run may have changed the way there.
  const again = missedPoints(records);
  toPlay += again.length;
  await playAll(again.filter(isNew(known)), { ...common, prefix: `again-${seed}` });
  const baseline = baselineOf(quiet);
  const rows = [
    rowOfQuiet(setting, quiet),
    ...faults.map((fault) =>
      rowOf(
        fault,
        records.filter(({ aim }) => aim?.fault === fault),
        baseline,
      ),
    ),
  ];
  return {
    setting,
    rows,
    records,
    points: stable.length,
    planned: toPlay,
  };
}

function rowOfQuiet({ name, what }: Setting, quiet: readonly RunRecord[]): Row {
  const passed = quiet.filter(({ violations }) => violations.length === 0).length;
  return { fault: `undisturbed ${name}`, what, tried: quiet.length, passed, missed: 0, recoveryMs: null };
}

function isNew(known: readonly RunRecord[]): (aim: Aim) => boolean {
  const keyOf = ({ fault, points }: Aim): string => [fault.name, ...points].join('\n');
  const keys = new Set(known.flatMap(({ aim }) => (aim === null ? [] : keyOf(aim))));
  return (aim) => !keys.has(keyOf(aim));
}

/** Of runs with several: each in a run of its own. */
function missedPoints(records: readonly RunRecord[]): Aim[] {
  return records.flatMap(({ aim, struck }) => {
    if (aim === null || aim.points.length < 2) return [];
    const names = new Set<string>(struck.map(({ name }) => name));
    return aim.points.filter((point) => !names.has(point)).map((point) => ({ ...aim, points: [point] }));
  });
}

/** One line, and one for each violation. */
function describe({ aim, struck, violations, durationMs }: RunRecord): string {
  const names = new Map<string, string>(struck.map(({ name, state }) => [name, state]));
  const points = aim?.points.map((point) => `${point} (${names.get(point) ?? 'not reached'})`) ?? [];
  const where = aim === null ? 'undisturbed' : `${aim.fault.name} at ${points.join(', ')}`;
  const word =
    violations.length > 0 ? 'FAILED' : aim !== null && struck.length === 0 ? 'not reached' : 'passed';
  const lines = violations.map(({ check, sentence }) => `    ${check}: ${sentence}`);
  return [`${where}: ${word}, ${(durationMs / 1_000).toFixed(1)} s`, ...lines].join('\n');
}
