/** One setting: undisturbed first, for its points and times, then with its faults. */
import { playAll } from './campaign.ts';
import type { CampaignOptions } from './campaign.ts';
import type { Fault } from './faults/fault.ts';
import type { Options } from './options.ts';
import { missedPoints, planRuns, resume, stablePoints, unstruck } from './plan.ts';
import { Random } from './random.ts';
import type { RunLog } from './run-log.ts';
import { baselineOf, rowOf } from './report/table.ts';
import type { Baseline, Row } from './report/table.ts';
import type { Aim, RunRecord } from './run/run-options.ts';
import type { Setting } from './setting.ts';

export type SettingResult = {
  rows: readonly Row[];
  /** Of what was planned, each once. */
  records: readonly RunRecord[];
  /** Reached by every undisturbed run. */
  points: number;
  planned: number;
  /** Planned runs that failed in an earlier part of the campaign. */
  failedBefore: number;
  /** Points that were named and not struck. */
  unstruck: readonly string[];
};

type PlaySettingOptions = Omit<CampaignOptions, 'setting' | 'prefix' | 'onRecord'> & {
  options: Options;
  log: RunLog;
  progress: (line: string) => void;
  details: (lines: readonly string[]) => Promise<void>;
};

const undisturbedRuns = 2;

export async function playSetting(setting: Setting, given: PlaySettingOptions): Promise<SettingResult> {
  const { options, seed, progress } = given;
  const series = new Series(setting, given);
  // Whoever names a point knows that it is there.
  const quietRuns = options.point === undefined ? undisturbedRuns : 0;
  // One after the other: the first one also makes everything warm.
  const undisturbed = Array.from({ length: quietRuns }, () => null);
  const quiet = await series.play(undisturbed, { ...given, parallel: 1, prefix: `quiet-${seed}` });
  const listings = quiet.map(({ reached }) => reached);
  const stable = stablePoints(listings);
  const random = new Random(seed, setting.name);
  const { faults } = setting;
  const aims = planRuns({ listings, faults, random, points: options.point, most: options.points });
  if (options.list) {
    for (const { name, state, step } of stable) console.log(`${name}  (${state}, step "${step}")`);
    progress(`${setting.name}: ${stable.length} points, ${quietRuns + aims.length} runs`);
  } else {
    await series.play(aims, { ...given, prefix: `run-${seed}` });
    // What came before in the same run may have changed the way there.
    const again = options.point === undefined ? missedPoints(series.records) : [];
    await series.play(again, { ...given, prefix: `again-${seed}` });
  }
  const { records, planned, failedBefore } = series;
  const named = options.point === undefined ? [] : records;
  return {
    rows: [rowOfQuiet(setting, quiet), ...rowsOf(faults, records, baselineOf(quiet))],
    records,
    points: stable.length,
    planned,
    failedBefore,
    unstruck: named.flatMap((record) =>
      unstruck(record).map((point) => `${record.aim?.fault.name} at ${point}`),
    ),
  };
}

/** The runs of a setting: those that were played before, and those that are. */
class Series {
  readonly records: RunRecord[] = [];
  planned = 0;
  failedBefore = 0;
  readonly #setting: Setting;
  readonly #given: PlaySettingOptions;

  constructor(setting: Setting, given: PlaySettingOptions) {
    this.#setting = setting;
    this.#given = given;
  }

  async play(
    planned: readonly (Aim | null)[],
    how: Pick<CampaignOptions, 'parallel' | 'prefix'>,
  ): Promise<RunRecord[]> {
    const { log } = this.#given;
    const { played, missing, failedBefore } = resume(planned, log.known(this.#setting));
    this.planned += planned.length;
    this.failedBefore += failedBefore;
    this.records.push(...played);
    const { parallel, prefix } = how;
    const setting = this.#setting;
    const onRecord = async (record: RunRecord): Promise<void> => this.#onRecord(record);
    return [...played, ...(await playAll(missing, { ...this.#given, parallel, prefix, setting, onRecord }))];
  }

  async #onRecord(record: RunRecord): Promise<void> {
    const { progress, details, log } = this.#given;
    this.records.push(record);
    progress(`[${this.records.length}/${this.planned}] ${describe(record)}`);
    await log.add(this.#setting, record);
    if (record.violations.length > 0) await details([describe(record), ...record.details]);
  }
}

function rowsOf(faults: readonly Fault[], records: readonly RunRecord[], baseline: Baseline): Row[] {
  return faults.map((fault) =>
    rowOf(
      fault,
      records.filter(({ aim }) => aim?.fault === fault),
      baseline,
    ),
  );
}

function rowOfQuiet({ name, what }: Setting, quiet: readonly RunRecord[]): Row {
  const passed = quiet.filter(({ violations }) => violations.length === 0).length;
  return { fault: `undisturbed ${name}`, what, tried: quiet.length, passed, missed: 0, recoveryMs: null };
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
