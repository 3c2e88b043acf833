/** Execs: alone, beside a turn, and in sandboxes that are lost. */
import type { ExecReport } from '../../../src/activities/types.ts';
import { ended, fail } from '../../workflows/support/scripted-activities.ts';
import type { Scenarios } from '../support/scenario.ts';

const done: ExecReport = { kind: 'ended', outcome: { status: 'exited', exitCode: 0 }, output: 'done' };
const lost = (started: boolean): ExecReport => ({
  kind: 'sandbox-lost',
  cause: 'it was terminated',
  started,
});

export const execs: Scenarios = {
  exec: () => {
    const execEnded = Promise.withResolvers<void>();
    return {
      shows: 'an exec alone, and one beside a turn',
      activities: {
        exec: () => {
          execEnded.resolve();
          return done;
        },
        turn: async (input) => {
          await execEnded.promise;
          return ended(input);
        },
      },
      story: async (caller) => {
        await caller.exec('e1');
        await caller.execEnds('e1');
        await caller.prompt('p1');
        await caller.exec('e2');
        await caller.execEnds('e2');
        await caller.turnEnds('p1');
      },
    };
  },
  'exec-lost': () => ({
    shows: 'an exec that may have begun in a sandbox that is lost',
    activities: { exec: () => lost(true) },
    story: async (caller) => {
      await caller.exec('e1');
      await caller.execEnds('e1');
      await caller.becomes('idle', 2);
    },
  }),
  'exec-again': () => ({
    shows: 'an exec that never began, in the sandbox that replaces the lost one',
    activities: { exec: ({ generation }) => (generation === 1 ? lost(false) : done) },
    story: async (caller) => {
      await caller.exec('e1');
      await caller.execEnds('e1');
    },
  }),
  'exec-never': () => ({
    shows: 'an exec that is given up because no sandbox lasts until it begins',
    activities: { exec: () => lost(false) },
    story: async (caller) => {
      await caller.exec('e1');
      await caller.execEnds('e1');
    },
  }),
  'exec-failed': () => ({
    shows: 'an exec whose activity fails for good',
    activities: { exec: () => fail('Inconsistent', 'the journal is damaged') },
    story: async (caller) => {
      await caller.exec('e1');
      await caller.execEnds('e1');
    },
  }),
  'exec-wakes': () => ({
    shows: 'an exec that brings a paused session back',
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.pause();
      await caller.becomes('paused');
      await caller.exec('e1');
      await caller.execEnds('e1');
    },
  }),
};
