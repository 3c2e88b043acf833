/** Turns that last until something in the story lets them go. */
import type { RunTurnInput, TurnReport } from '../../../src/activities/types.ts';
import { ended } from '../../workflows/support/scripted-activities.ts';
import { HeldTurn } from '../../workflows/support/story-words.ts';
import type { SessionScenario } from './scenario.ts';

type Script = Required<NonNullable<SessionScenario['activities']>>;

/** The turn `turnId` lasts until it is let go; the others end at once. */
export function holding(held: HeldTurn, turnId = 'p1'): Pick<Script, 'turn'> {
  return {
    turn: async (input) => {
      if (input.turnId === turnId && input.generation === 1) await held.released;
      return ended(input);
    },
  };
}

/** Every turn lasts until the supervisor is told to interrupt it, and says then that it was interrupted. */
export function untilInterrupted({
  held = new HeldTurn(),
  report = (input: RunTurnInput): TurnReport => ended(input, 'interrupted'),
} = {}): Pick<Script, 'turn' | 'interrupt'> {
  return {
    turn: async (input) => {
      await held.released;
      return report(input);
    },
    interrupt: () => held.release(),
  };
}
