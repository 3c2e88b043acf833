/** How a session ends, and what it is doing then. */
import { fail } from '../../workflows/support/scripted-activities.ts';
import { until } from '../../workflows/support/session-server.ts';
import { HeldTurn } from '../../workflows/support/story-words.ts';
import { untilCancelled } from '../support/deaf-turn.ts';
import { untilInterrupted } from '../support/held-turns.ts';
import type { Scenarios } from '../support/scenario.ts';

export const ending: Scenarios = {
  terminate: () => ({
    shows: 'a session that is terminated while it is idle',
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.terminate();
    },
  }),
  discard: () => ({
    shows: 'a paused session that is terminated with everything it has',
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.pause();
      await caller.becomes('paused');
      await caller.terminate({ discard: true });
    },
  }),
  cancel: () => ({
    shows: 'the Temporal UI\'s button "cancel"',
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.session.cancel();
      await caller.closes();
    },
  }),
  'terminate-running': () => {
    const held = new HeldTurn();
    return {
      shows: 'a session that is terminated while a turn runs, another waits and an exec runs',
      activities: {
        ...untilInterrupted({ held }),
        exec: async () => {
          await held.released;
          return { kind: 'ended', outcome: { status: 'exited', exitCode: 0 }, output: '' };
        },
      },
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.prompt('p2');
        await caller.exec('e1');
        await caller.terminate();
      },
    };
  },
  'terminate-abandons': () => ({
    shows: 'a session that is terminated while a turn runs that does not end',
    activities: {
      turn: untilCancelled,
    },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.runs('p1');
      await caller.terminate();
    },
  }),
  'terminate-starting': () => {
    const terminated = Promise.withResolvers<void>();
    let starts = 0;
    return {
      shows: 'a session that is terminated while it starts',
      replace: {
        startSupervisor: async () => {
          starts += 1;
          await terminated.promise;
          return fail('Broken', 'its worker was gone before it heard that it was cancelled');
        },
      },
      story: async (caller) => {
        await until(
          async () => starts,
          (count) => count > 0,
        );
        const closed = caller.terminate();
        setTimeout(() => terminated.resolve(), 500);
        await closed;
      },
    };
  },
  'clean-up-failed': () => ({
    shows: 'a session whose sandbox cannot be ended: it closes nevertheless',
    activities: { end: () => fail('Refused', 'no permission') },
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.terminate();
    },
  }),
};
