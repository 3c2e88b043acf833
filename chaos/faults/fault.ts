/** What can be done to a run. */
import type { Lane } from '../lane/lane.ts';
import type { Points, ReachedPoint, Situation } from '../points/points.ts';
import type { Play } from '../scenario/play.ts';

/** The run as a fault sees it. */
export type Victim = { lane: Lane; play: Play; points: Points };

/**
 * What must come of it, in the words of the event log. `nothing`: nobody may notice. `continuation`: a running turn is
 * continued, once. `restart`: a running turn is restarted in another sandbox, once.
 */
export type Consequence = 'nothing' | 'continuation' | 'restart';

/**
 * Where a full run strikes: at every point; at one of every state of session and turn; at the beginning of every step; at
 * every continue-as-new.
 */
type Breadth = 'every-point' | 'every-state' | 'every-step' | 'every-continuation';

export type Fault = {
  name: string;
  /** For the table: one line. */
  what: string;
  consequence: Consequence;
  breadth: Breadth;
  /** Whether there is something to strike in such a situation: asked when it is planned, and again before the blow. */
  hasVictim: (point: ReachedPoint) => boolean;
  /** One blow in a run: what it prepares or asks for (a second worker, a prompt by its id) is there once. */
  alone?: true;
  /** What the session is started with beside the scenario's own. */
  sessionOptions?: Readonly<Record<string, unknown>>;
  /** Before the scenario begins. */
  prepare?: (victim: Victim) => Promise<void>;
  /** Resolves when it is done: what reached the point goes on then. False: there was nothing to strike after all. */
  strike: (victim: Victim) => Promise<boolean>;
  /** What follows by itself: a new worker, the server's restart. */
  heal?: (victim: Victim) => Promise<void>;
};

export const always = (): boolean => true;
export const whileSandboxLives = ({ sandboxAlive }: Situation): boolean => sandboxAlive;
