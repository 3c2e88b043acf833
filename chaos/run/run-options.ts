/** What one run is asked for, and what it leaves. */
import type { Violation } from '../oracle/checks.ts';
import type { Fault } from '../faults/fault.ts';
import type { Lane } from '../lane/lane.ts';
import type { ReachedPoint } from '../points/points.ts';
import type { Step } from '../scenario/steps.ts';

export type Aim = { fault: Fault; point: string };

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
  /** Null: the point was not reached, or there was nothing to strike. */
  struck: ReachedPoint | null;
  stepMs: ReadonlyMap<string, number>;
  durationMs: number;
  violations: readonly Violation[];
  /** The log and the worker's last words, for a run with violations. */
  details: readonly string[];
};
