/**
 * Points: the moments of a run at which a fault can strike. Two runs are never the same to the millisecond, so a point is
 * named by its step, what it is and how often that had happened before in the step: `queue/activity-start:runTurn#2`.
 */
export const pointKinds = [
  /** A Temporal history event. Seen by long poll: some milliseconds after the server stored it; nothing is held. */
  'history',
  /** An attempt of an activity begins: its worker is held before the activity's first statement. */
  'activity-start',
  /** It has ended, and its worker is held before it can report that. */
  'activity-end',
  /** A line of the supervisor's journal. Seen at most some 5 ms after it was written; nothing is held. */
  'record',
  /** A call of Modal's API, held before anything of it is done. */
  'modal',
  /** Everything of the call is done, and the caller is not told yet. */
  'modal-answer',
  /** `begins`: what the step asks for is not sent yet. */
  'step',
] as const;
export type PointKind = (typeof pointKinds)[number];

export type PointName = `${string}/${PointKind}:${string}#${number}`;

/** Whether whatever reached it waits there until the fault has struck. */
export function isHeld(kind: PointKind): boolean {
  return kind !== 'history' && kind !== 'record';
}

const shape = new RegExp(`^[^/]+/(?:${pointKinds.join('|')}):[^#]+#[1-9][0-9]*$`);

export function isPointName(name: string): name is PointName {
  return shape.test(name);
}

/** Names points as they are reached. */
export class PointCounter {
  readonly #counts = new Map<string, number>();

  next(step: string, kind: PointKind, what: string): PointName {
    const key = `${step}/${kind}:${what}` as const;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return `${key}#${count}`;
  }
}
