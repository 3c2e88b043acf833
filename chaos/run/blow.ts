/** The fault of a run: armed at its points, struck there, healed in the background. */
import type { Consequence } from '../faults/fault.ts';
import type { Points, ReachedPoint } from '../points/points.ts';
import type { Play } from '../scenario/play.ts';
import type { Aim } from './run-options.ts';

/** `afterSeq`: of the event log when it struck. */
export type Strike = { at: ReachedPoint; afterSeq: number };

export class Blow {
  readonly #aim: Aim | null;
  readonly #strikes: Strike[] = [];
  #healing: Promise<void> = Promise.resolve();

  constructor(aim: Aim | null) {
    this.#aim = aim;
  }

  /** `lastSeq`: of the event log at that moment. */
  arm(points: Points, play: Play, lastSeq: () => number): void {
    if (this.#aim === null) return;
    const { fault } = this.#aim;
    const victim = { lane: play.lane, play, points };
    for (const point of this.#aim.points)
      points.aim(point, async (at) => {
        // What was struck before is there again.
        await this.#healing;
        const afterSeq = lastSeq();
        if (!(await fault.strike(victim))) return;
        this.#strikes.push({ at, afterSeq });
        this.#healing = fault.heal?.(victim) ?? Promise.resolve();
        this.#healing.catch(() => undefined);
      });
  }

  get strikes(): readonly Strike[] {
    return this.#strikes;
  }

  /** Null for a run that nothing struck. */
  get consequence(): Consequence | null {
    return this.#strikes.length === 0 ? null : (this.#aim?.fault.consequence ?? null);
  }

  /** Resolves when everything that was struck is there again. */
  async healed(): Promise<void> {
    await this.#healing;
  }
}
