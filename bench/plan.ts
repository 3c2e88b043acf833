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
  /** Workers told to stop, on each of the two Temporal servers, and how many turns each hands over. */
  handOvers: number;
  handedOverTurns: number;
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
  handOvers: 5,
  handedOverTurns: 30,
  openSessions: 20,
  deadlineSeconds: 20 * 60,
};

export const quickPlan: Plan = {
  spacedTurns: 3,
  backToBackTurns: 5,
  pieces: 80,
  smallTurns: 2,
  manyEvents: 10_000,
  lifecycles: 2,
  kills: 1,
  handOvers: 1,
  handedOverTurns: 4,
  openSessions: 3,
  deadlineSeconds: 10 * 60,
};
