/** The one fault of a run: armed at its point, struck there, healed in the background. */
import type { Consequence } from '../faults/fault.ts';
import type { Points, ReachedPoint } from '../points/points.ts';
import type { Play } from '../scenario/play.ts';
import type { Aim } from './run-options.ts';

export class Blow {
  readonly #aim: Aim | null;
  #struck: { at: ReachedPoint; afterSeq: number } | null = null;
  #healing: Promise<void> = Promise.resolve();

  constructor(aim: Aim | null) {
    this.#aim = aim;
  }

  /** `lastSeq`: of the event log when it strikes. */
  arm(points: Points, play: Play, lastSeq: () => number): void {
    if (this.#aim === null) return;
    const { fault, point } = this.#aim;
    points.aim(point, async (at) => {
      const afterSeq = lastSeq();
      const victim = { lane: play.lane, play, points };
      if (!(await fault.strike(victim))) return;
      this.#struck = { at, afterSeq };
      this.#healing = fault.heal?.(victim) ?? Promise.resolve();
      this.#healing.catch(() => undefined);
    });
  }

  /** Null until it has struck. */
  get at(): ReachedPoint | null {
    return this.#struck?.at ?? null;
  }

  get afterSeq(): number | null {
    return this.#struck?.afterSeq ?? null;
  }

  /** Null for a run that nothing struck. */
  get consequence(): Consequence | null {
    return this.#struck === null ? null : (this.#aim?.fault.consequence ?? null);
  }

  /** Resolves when everything that was struck is there again. */
  async healed(): Promise<void> {
    await this.#healing;
  }
}
