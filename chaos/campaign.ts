/** Plays planned runs in lanes side by side. A lane whose run went wrong is replaced: what went wrong may still be in it. */
import { openLane } from './lane/lane.ts';
import type { Lane, LaneOptions } from './lane/lane.ts';
import { playOnce } from './run/play-once.ts';
import type { Aim, RunRecord } from './run/run-options.ts';
import type { Setting } from './setting.ts';

export type CampaignOptions = {
  setting: Setting;
  lane: Omit<LaneOptions, 'historyEvents'>;
  seed: number;
  /** Lanes side by side. */
  parallel: number;
  /** Run ids begin with it. */
  prefix: string;
  /** Aborted: nothing more is begun, what runs is given up. */
  stop: AbortSignal;
  /** Of `performance.now()`: no run begins after it. */
  deadlineMs: number;
  /** Awaited by the run's lane. */
  onRecord: (record: RunRecord) => Promise<void>;
};

/** Somebody asked for the end. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** The records in the order in which the runs ended; those there are when it is stopped. */
export async function playAll(aims: readonly (Aim | null)[], options: CampaignOptions): Promise<RunRecord[]> {
  const waiting = [...aims.entries()];
  const records: RunRecord[] = [];
  const lanes = Array.from({ length: Math.min(options.parallel, aims.length) }, async () => {
    await using place = new LanePlace(options);
    for (;;) {
      if (performance.now() > options.deadlineMs) return;
      const next = waiting.shift();
      if (next === undefined) return;
      const [index, aim] = next;
      const record = await place.play(`${options.prefix}-${index + 1}`, aim);
      records.push(record);
      await options.onRecord(record);
    }
  });
  const ended = await Promise.allSettled(lanes);
  for (const lane of ended) {
    if (lane.status === 'rejected' && !(lane.reason instanceof Stopped)) throw lane.reason;
  }
  return records;
}

/** Where a lane stands: opened when it is needed, closed when it is spoilt. */
class LanePlace implements AsyncDisposable {
  readonly #options: CampaignOptions;
  #lane: Lane | null = null;

  constructor(options: CampaignOptions) {
    this.#options = options;
  }

  async play(run: string, aim: Aim | null): Promise<RunRecord> {
    const { setting, seed, stop } = this.#options;
    const { historyEvents, steps } = setting;
    stop.throwIfAborted();
    this.#lane ??= await openLane({
      ...this.#options.lane,
      ...(historyEvents === undefined ? {} : { historyEvents }),
    });
    const record = await Promise.race([
      playOnce({ lane: this.#lane, run, seed, steps, aim }),
      whenStopped(stop),
    ]);
    if (record.violations.length > 0) await this.#close();
    return record;
  }

  async #close(): Promise<void> {
    const lane = this.#lane;
    this.#lane = null;
    await lane?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

async function whenStopped(stop: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => reject(new Stopped('interrupted'));
    if (stop.aborted) give();
    else stop.addEventListener('abort', give, { once: true });
  });
}
