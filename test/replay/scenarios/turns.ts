/** Turns that end by themselves, and turns that somebody ends. */
import * as messages from '../../../src/contracts/session-messages.ts';
import { ended, fail } from '../../workflows/support/scripted-activities.ts';
import { until } from '../../workflows/support/session-server.ts';
import { HeldTurn } from '../../workflows/support/story-words.ts';
import { holding, untilInterrupted } from '../support/held-turns.ts';
import type { Scenarios } from '../support/scenario.ts';

export const turns: Scenarios = {
  'prompt-update': () => ({
    shows: 'a prompt by update, its turn, and the same prompt again',
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.prompt('p1');
      await caller.becomes('idle');
    },
  }),
  'prompt-signal': () => ({
    shows: 'a prompt by signal, the same one again, and one that is rejected',
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.session.signal(messages.promptSignal, { id: 'p1', text: 'go' });
      await caller.turnEnds('p1');
      await caller.session.signal(messages.promptSignal, { id: 'p1', text: 'go' });
      await caller.session.signal(messages.promptSignal, { id: 'p2', text: '' });
      await caller.prompt('p3');
      await caller.turnEnds('p3');
    },
  }),
  queue: () => {
    const held = new HeldTurn();
    return {
      shows: 'prompts that come while the session starts and while a turn runs',
      activities: holding(held, 'p2'),
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.prompt('p2');
        await caller.runs('p2');
        await caller.prompt('p3');
        await caller.prompt('p4');
        held.release();
        await caller.turnEnds('p4');
      },
    };
  },
  interrupt: () => ({
    shows: 'a turn that is interrupted, and an interrupt with nothing to interrupt',
    activities: untilInterrupted(),
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.runs('p1');
      await caller.interrupt();
      await caller.turnEnds('p1');
      await caller.interrupt();
    },
  }),
  'interrupt-failed': () => {
    const held = new HeldTurn();
    let tries = 0;
    return {
      shows: 'an interrupt that cannot be sent, and a second one that can',
      activities: {
        ...untilInterrupted({ held }),
        interrupt: () => {
          tries += 1;
          if (tries === 1) fail('Unreachable', 'the supervisor does not answer');
          held.release();
        },
      },
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.interrupt();
        // What failed is taken back a moment later: until then an interrupt is one already.
        await until(
          async () => {
            await caller.interrupt();
            await new Promise((resolve) => setTimeout(resolve, 200));
            return tries;
          },
          (count) => count === 2,
        );
        await caller.turnEnds('p1');
      },
    };
  },
  'turn-not-run': () => ({
    shows: 'a turn whose activity fails for good, and the next one',
    activities: {
      turn: (input) =>
        input.turnId === 'p1' ? fail('Inconsistent', 'the journal is damaged') : ended(input),
    },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
};
