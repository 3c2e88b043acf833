/** The fault of a run: armed at its points, struck there, healed in the background. */
import type { Consequence, Fault, Victim } from '../faults/fault.ts';
import type { Points, ReachedPoint } from '../points/points.ts';
import type { Play } from '../scenario/play.ts';
import type { Aim } from './run-options.ts';

/** `afterSeq`: of the event log when it struck. */
export type Strike = { at: ReachedPoint; afterSeq: number };

export class Blow {
  readonly #aim: Aim | null;
  readonly #strikes: Strike[] = [];
  /** Of what was struck last; fails when it is not there again. */
  #healing: Promise<void> = Promise.resolve();
  /** Of the first healing or blow that failed. */
  #failure: { error: unknown } | null = null;
  /** Of the blows so far, one after the other. */
  #struck: Promise<void> = Promise.resolve();

  constructor(aim: Aim | null) {
    this.#aim = aim;
  }

  /** `lastSeq`: of the event log at that moment. */
  arm(points: Points, play: Play, lastSeq: () => number): void {
    if (this.#aim === null) return;
    const { fault } = this.#aim;
    const victim = { lane: play.lane, play, points };
    for (const name of this.#aim.points)
      points.aim(name, async (at) => {
        this.#struck = this.#struck.then(async () => this.#strike(fault, victim, { at, lastSeq }));
        await this.#struck;
      });
  }

  /** Never fails: what goes wrong is told by `healed`. */
  async #strike(
    fault: Fault,
    victim: Victim,
    { at, lastSeq }: { at: ReachedPoint; lastSeq: () => number },
  ): Promise<void> {
    // What was struck before is there again, or nothing more is struck.
    await this.#healing.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    if (this.#failure !== null) return;
    // Not as planned, nor as it was before the wait: as it is.
    const now = { ...at, ...victim.points.situation };
    if (!fault.hasVictim(now)) return;
    const afterSeq = lastSeq();
    try {
      if (!(await fault.strike(victim))) return;
      this.#strikes.push({ at: now, afterSeq });
      this.#healing = fault.heal?.(victim) ?? Promise.resolve();
    } catch (error) {
      this.#failure = { error };
    }
    this.#healing.catch(() => undefined);
  }

  get strikes(): readonly Strike[] {
    return this.#strikes;
  }

  /** Null for a run that nothing struck. */
  get consequence(): Consequence | null {
    return this.#strikes.length === 0 ? null : (this.#aim?.fault.consequence ?? null);
  }

  /** Resolves when everything that was struck is there again. Fails when it is not, or when a blow itself failed. */
  async healed(): Promise<void> {
    await this.#struck;
    await this.#healing;
    if (this.#failure !== null) throw this.#failure.error;
  }
}
