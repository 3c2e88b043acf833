/** Runs that have ended, on disk: a campaign that was cut short goes on with those that are missing. */
import { appendFile, readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { PointName } from './points/point.ts';
import type { RunRecord } from './run/run-options.ts';
import type { Setting } from './setting.ts';

const pointSchema = z.object({
  name: z.custom<PointName>((name) => typeof name === 'string'),
  kind: z.enum(['history', 'activity-start', 'activity-end', 'record', 'modal', 'modal-answer', 'step']),
  what: z.string(),
  step: z.string(),
  state: z.string(),
  sandboxAlive: z.boolean(),
});

const entrySchema = z.object({
  seed: z.number(),
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

export class RunLog {
  readonly #file: string | null;
  readonly #seed: number;
  readonly #entries: readonly Entry[];
  readonly #began = performance.now();

  private constructor(file: string | null, seed: number, entries: readonly Entry[]) {
    this.#file = file;
    this.#seed = seed;
    this.#entries = entries;
  }

  /** Without a file nothing is kept. Entries of another seed belong to another campaign. */
  static async open(file: string | undefined, seed: number): Promise<RunLog> {
    if (file === undefined) return new RunLog(null, seed, []);
    const text = await readFile(file, 'utf8').catch(() => '');
    const entries = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => entrySchema.parse(JSON.parse(line)));
    return new RunLog(
      file,
      seed,
      entries.filter((entry) => entry.seed === seed),
    );
  }

  /** What was played of a setting before. */
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
      seed: this.#seed,
      setting: name,
      run,
      aim: aim === null ? null : { fault: aim.fault.name, points: [...aim.points] },
      reached: aim === null ? [...reached] : [],
      struck: [...struck],
      stepMs: [...stepMs],
      durationMs,
      violations: [...violations],
      minutes: this.minutes,
    };
    await appendFile(this.#file, `${JSON.stringify(entry)}\n`);
  }

  get minutes(): number {
    return (this.#entries.at(-1)?.minutes ?? 0) + (performance.now() - this.#began) / 60_000;
  }
}
