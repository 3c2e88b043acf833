/** The points of one run as they are reached, and the one at which its fault strikes. */
import { PointCounter } from './point.ts';
import type { PointKind, PointName } from './point.ts';

/** What was going on when a point was reached. */
export type Situation = {
  step: string;
  /** Of session and turn, from the event log: `running/tool`, `paused` … */
  state: string;
  sandboxAlive: boolean;
};

export type ReachedPoint = Situation & { name: PointName };

export class Points {
  readonly reached: ReachedPoint[] = [];
  readonly #counter = new PointCounter();
  readonly #situation: () => Situation;
  readonly #hooks = new Map<string, () => Promise<void>>();
  #aim: { name: string; strike: (at: ReachedPoint) => Promise<void> } | null = null;

  constructor(situation: () => Situation) {
    this.#situation = situation;
  }

  /** The fault strikes when that point is reached, once. */
  aim(name: string, strike: (at: ReachedPoint) => Promise<void>): void {
    this.#aim = { name, strike };
  }

  /** Done every time when something of that kind is reached, which is held meanwhile. */
  whenever(kind: PointKind, what: string, act: () => Promise<void>): void {
    this.#hooks.set(`${kind}:${what}`, act);
  }

  /** Counts a point. Resolves when whatever reached it may go on: at once, or when the fault has struck. */
  async reach(kind: PointKind, what: string): Promise<void> {
    const point = { name: this.#counter.next(kind, what), ...this.#situation() };
    this.reached.push(point);
    await this.#hooks.get(`${kind}:${what}`)?.();
    if (this.#aim?.name !== point.name) return;
    const { strike } = this.#aim;
    this.#aim = null;
    await strike(point);
  }
}
