/** The points of one run as they are reached, and those at which its fault strikes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PointCounter } from './point.ts';
import type { PointKind, PointName } from './point.ts';

/** What was going on when a point was reached. */
export type Situation = {
  step: string;
  /** Of session and turn, from the event log: `running/tool`, `paused` … */
  state: string;
  sandboxAlive: boolean;
};

export type ReachedPoint = Situation & { name: PointName; kind: PointKind; what: string };

/** `id`: the same for every attempt of one activity, another for every other. */
export type ActivityMoment = { id: string; activity: string; moment: 'start' | 'end' };

const quietMs = 150;
const mostQuietMs = 10_000;

export class Points {
  readonly reached: ReachedPoint[] = [];
  readonly #counter = new PointCounter();
  readonly #situation: () => Situation;
  readonly #hooks = new Map<string, () => Promise<void>>();
  readonly #aims = new Map<string, (at: ReachedPoint) => Promise<void>>();
  /** Activities that have started and not ended, by their ids: the next attempt of one is the same. */
  readonly #openActivities = new Set<string>();
  #lastMs = 0;

  constructor(situation: () => Situation) {
    this.#situation = situation;
  }

  /** The fault strikes when that point is reached, once. */
  aim(name: string, strike: (at: ReachedPoint) => Promise<void>): void {
    this.#aims.set(name, strike);
  }

  /** Done every time when something of that kind is reached, which is held meanwhile. */
  whenever(kind: PointKind, what: string, act: () => Promise<void>): void {
    this.#hooks.set(`${kind}:${what}`, act);
  }

  /** What is going on at this moment. */
  get situation(): Situation {
    return this.#situation();
  }

  /**
   * So that what follows from one step is not counted in the next: resolves when no activity is under way and nothing has
   * happened for a moment.
   */
  async quiet(): Promise<void> {
    for (const deadlineMs = performance.now() + mostQuietMs; performance.now() < deadlineMs; await sleep(20))
      if (this.#openActivities.size === 0 && performance.now() - this.#lastMs > quietMs) return;
    // Those that ended with their worker and were not to be tried again.
    this.#openActivities.clear();
  }

  /** An attempt of an activity begins, or it has ended. Resolves as `reach` does. */
  async reachActivity({ id, activity, moment }: ActivityMoment): Promise<void> {
    if (moment === 'start') this.#openActivities.add(id);
    await this.reach(`activity-${moment}`, activity);
    if (moment === 'end') this.#openActivities.delete(id);
    this.#lastMs = performance.now();
  }

  /** Counts a point. Resolves when whatever reached it may go on: at once, or when the fault has struck. */
  async reach(kind: PointKind, what: string): Promise<void> {
    const situation = this.#situation();
    const point = { name: this.#counter.next(situation.step, kind, what), kind, what, ...situation };
    this.reached.push(point);
    this.#lastMs = performance.now();
    await this.#hooks.get(`${kind}:${what}`)?.();
    const strike = this.#aims.get(point.name);
    this.#aims.delete(point.name);
    await strike?.(point);
  }
}
