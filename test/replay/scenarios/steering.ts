/** Prompts that meet a running turn: said within it, put before others, or taken back. */
import { failureTypes } from '../../../src/contracts/failures.ts';
import { ended, fail } from '../../workflows/support/scripted-activities.ts';
import { HeldTurn } from '../../workflows/support/story-words.ts';
import { holding } from '../support/held-turns.ts';
import type { Scenarios } from '../support/scenario.ts';

export const steering: Scenarios = {
  steer: () => {
    const held = new HeldTurn();
    return {
      shows: 'two steering prompts that the running turn takes',
      activities: {
        ...holding(held),
        steer: ({ steer }) => {
          if (steer.promptId === 's2') held.release();
          return { steered: true };
        },
      },
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.prompt('s1', { mode: 'steer' });
        await caller.prompt('s2', { mode: 'steer' });
        await caller.turnEnds('s2');
      },
    };
  },
  'steer-late': () => {
    const held = new HeldTurn();
    return {
      shows: 'a steering prompt that comes too late: it is a turn of its own, before the queued one',
      activities: {
        ...holding(held),
        steer: () => {
          held.release();
          return { steered: false };
        },
      },
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.prompt('p2');
        await caller.prompt('s1', { mode: 'steer' });
        await caller.turnEnds('p2');
      },
    };
  },
  'steer-failed': () => {
    const held = new HeldTurn();
    return {
      shows: 'a steering prompt that cannot be told',
      activities: {
        ...holding(held),
        steer: () => {
          held.release();
          return fail('Unreachable', 'the supervisor does not answer');
        },
      },
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.prompt('s1', { mode: 'steer' });
        await caller.turnEnds('s1');
      },
    };
  },
  'steer-lost': () => {
    const held = new HeldTurn();
    return {
      shows: 'a steering prompt whose sandbox is lost: it is said again with the turn',
      activities: {
        turn: async (input) => {
          if (input.generation > 1) return ended(input);
          await held.released;
          return { kind: 'sandbox-lost', cause: 'it was terminated', started: true };
        },
        steer: () => {
          held.release();
          return fail(failureTypes.sandboxLost, 'it was terminated');
        },
      },
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.prompt('s1', { mode: 'steer' });
        await caller.turnEnds('p1');
        await caller.turnEnds('s1');
      },
    };
  },
  'interrupt-mode': () => {
    const held = new HeldTurn();
    return {
      shows: 'a prompt that interrupts the running turn and goes before the queued one',
      activities: { ...holding(held), interrupt: () => held.release() },
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.prompt('p2');
        await caller.prompt('p3', { mode: 'interrupt' });
        await caller.turnEnds('p2');
      },
    };
  },
  'cancel-prompt': () => {
    const held = new HeldTurn();
    return {
      shows: 'a queued prompt that is cancelled, twice',
      activities: holding(held),
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.prompt('p2');
        await caller.prompt('p3');
        await caller.cancelPrompt('p2');
        await caller.cancelPrompt('p2');
        held.release();
        await caller.turnEnds('p3');
      },
    };
  },
};
