/** What one run is asked for, and what it leaves. */
import type { Violation } from '../oracle/checks.ts';
import type { Fault } from '../faults/fault.ts';
import type { Lane } from '../lane/lane.ts';
import type { ReachedPoint } from '../points/points.ts';
import type { Step } from '../scenario/steps.ts';

/** The fault strikes at each of these points of one run; they lie so far apart that it has recovered in between. */
export type Aim = { fault: Fault; points: readonly string[] };

export type RunOptions = {
  lane: Lane;
  /** Also the session id. */
  run: string;
  seed: number;
  steps: readonly Step[];
  /** Undisturbed without. */
  aim: Aim | null;
};

export type RunRecord = {
  run: string;
  aim: Aim | null;
  reached: readonly ReachedPoint[];
  /** Without the points that were not reached, or where there was nothing to strike. */
  struck: readonly ReachedPoint[];
  stepMs: ReadonlyMap<string, number>;
  durationMs: number;
  violations: readonly Violation[];
  /** The log and the worker's last words, for a run with violations. */
  details: readonly string[];
};
