/** How much is measured. Every count is fixed, so that a run ends by itself. */

export type Plan = {
  /** Cold CLI runs and warm turns, in turn, each after a rest. */
  spacedTurns: number;
  backToBackTurns: number;
  /** Pieces of text of the streaming turn. */
  pieces: number;
  smallTurns: number;
  manyEvents: number;
  /** Sessions started, prompted, paused, restored and ended. */
  lifecycles: number;
  /** Workers killed, for each of the two ways a turn is taken over. */
  kills: number;
  openSessions: number;
  deadlineSeconds: number;
};

export const fullPlan: Plan = {
  spacedTurns: 20,
  backToBackTurns: 40,
  pieces: 400,
  smallTurns: 5,
  manyEvents: 10_000,
  lifecycles: 12,
  kills: 5,
  openSessions: 20,
  deadlineSeconds: 10 * 60,
};

export const quickPlan: Plan = {
  spacedTurns: 3,
  backToBackTurns: 5,
  pieces: 80,
  smallTurns: 2,
  manyEvents: 10_000,
  lifecycles: 2,
  kills: 1,
  openSessions: 3,
  deadlineSeconds: 10 * 60,
};
