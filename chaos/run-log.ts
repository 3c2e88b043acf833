/** Runs that have ended, on disk: a campaign that was cut short goes on with those that are missing. */
import { appendFile, readFile, truncate } from 'node:fs/promises';
import * as z from 'zod';
import { InvalidOptions } from './options.ts';
import { pointKinds } from './points/point.ts';
import type { PointName } from './points/point.ts';
import type { RunRecord } from './run/run-options.ts';
import type { Setting } from './setting.ts';

const pointSchema = z.object({
  name: z.custom<PointName>((name) => typeof name === 'string'),
  kind: z.enum(pointKinds),
  what: z.string(),
  step: z.string(),
  state: z.string(),
  sandboxAlive: z.boolean(),
});

const entrySchema = z.object({
  /** What was played and what was planned: see campaign-key.ts. */
  campaign: z.string(),
  setting: z.string(),
  run: z.string(),
  aim: z.object({ fault: z.string(), points: z.array(z.string()) }).nullable(),
  /** Of undisturbed runs: what is planned comes from it. */
  reached: z.array(pointSchema),
  struck: z.array(pointSchema),
  stepMs: z.array(z.tuple([z.string(), z.number()])),
  durationMs: z.number(),
  violations: z.array(z.object({ check: z.string(), sentence: z.string() })),
  /** Of the whole campaign until then, in minutes, the times between its parts left out. */
  minutes: z.number(),
});
type Entry = z.infer<typeof entrySchema>;

type Contents = { entries: readonly Entry[]; wholeBytes: number };

export class RunLog {
  readonly #file: string | null;
  readonly #campaign: string;
  readonly #entries: readonly Entry[];
  readonly #minutesBefore: number;
  readonly #began = performance.now();

  private constructor(file: string | null, campaign: string, entries: readonly Entry[]) {
    this.#file = file;
    this.#campaign = campaign;
    this.#entries = entries.filter((entry) => entry.campaign === campaign);
    this.#minutesBefore = Math.max(0, ...this.#entries.map(({ minutes }) => minutes));
  }

  /** Without a file nothing is kept. Entries of other campaigns stay in the file and are passed over. */
  static async open(file: string | undefined, campaign: string): Promise<RunLog> {
    if (file === undefined) return new RunLog(null, campaign, []);
    const bytes = await readFile(file).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const { entries, wholeBytes } = contentsOf(file, bytes);
    if (wholeBytes < bytes.length) await truncate(file, wholeBytes);
    return new RunLog(file, campaign, entries);
  }

  /** What was played of a setting before, in the order in which it ended. */
  known({ name, faults }: Setting): RunRecord[] {
    return this.#entries
      .filter(({ setting }) => setting === name)
      .flatMap((entry): RunRecord[] => {
        const record = { ...entry, stepMs: new Map(entry.stepMs), details: [] };
        if (entry.aim === null) return [{ ...record, aim: null }];
        const fault = faults.find((candidate) => candidate.name === entry.aim?.fault);
        return fault === undefined ? [] : [{ ...record, aim: { fault, points: entry.aim.points } }];
      });
  }

  async add({ name }: Setting, record: RunRecord): Promise<void> {
    if (this.#file === null) return;
    const { run, aim, reached, struck, stepMs, durationMs, violations } = record;
    const entry: Entry = {
      campaign: this.#campaign,
      setting: name,
      run,
      aim: aim === null ? null : { fault: aim.fault.name, points: [...aim.points] },
      reached: aim === null ? [...reached] : [],
      struck: [...struck],
      stepMs: [...stepMs],
      durationMs,
      violations: [...violations],
      minutes: this.tookMinutes,
    };
    await appendFile(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** Of all parts of the campaign: of those before until their last run had ended, of this one until now. */
  get tookMinutes(): number {
    return this.#minutesBefore + (performance.now() - this.#began) / 60_000;
  }
}

/** A last line that was cut off while it was written is none. */
function contentsOf(file: string, bytes: Buffer): Contents {
  const wholeBytes = bytes.lastIndexOf('\n') + 1;
  const lines = bytes.toString('utf8', 0, wholeBytes).split('\n').slice(0, -1);
  return { wholeBytes, entries: lines.map((line, index) => entryOf(line, `${file}, line ${index + 1}`)) };
}

function entryOf(line: string, where: string): Entry {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    throw new InvalidOptions(`--log: ${where} is no run of this harness; name another file`);
  }
}
