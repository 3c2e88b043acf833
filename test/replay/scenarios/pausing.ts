/** Pauses, restores and checkpoints on request. */
import { failureTypes } from '../../../src/contracts/failures.ts';
import { fail, scriptedActivities } from '../../workflows/support/scripted-activities.ts';
import { HeldTurn } from '../../workflows/support/story-words.ts';
import { holding, untilInterrupted } from '../support/held-turns.ts';
import type { Scenarios } from '../support/scenario.ts';

export const pausing: Scenarios = {
  'pause-resume': () => ({
    shows: 'a pause, a second one that changes nothing, and `resume`',
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.pause();
      await caller.becomes('paused');
      await caller.pause();
      await caller.resume();
      await caller.becomes('idle', 2);
    },
  }),
  'pause-waits': () => {
    const held = new HeldTurn();
    return {
      shows: 'a pause that waits for the turn, and the queued prompt that brings the session back',
      activities: holding(held),
      story: async (caller) => {
        await caller.prompt('p1');
        await caller.runs('p1');
        await caller.pause();
        await caller.prompt('p2');
        held.release();
        await caller.turnEnds('p2');
      },
    };
  },
  'pause-interrupts': () => ({
    shows: 'a pause that interrupts the turn',
    activities: untilInterrupted(),
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.runs('p1');
      await caller.pause({ interrupt: true });
      await caller.becomes('paused');
    },
  }),
  'idle-pause': () => ({
    shows: 'a session that pauses because it is idle, and a prompt that brings it back',
    request: { options: { idleSeconds: 1 } },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.becomes('paused', 1);
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
  'snapshot-failed': () => ({
    shows: 'a pause and a checkpoint without a snapshot',
    activities: { snapshot: () => fail('SnapshotFailed', 'the disk is full') },
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.checkpoint();
      await caller.pause();
      await caller.becomes('paused');
    },
  }),
  'restore-failed': () => ({
    shows: 'a session that cannot be brought back: it stays paused, and a later try succeeds',
    activities: {
      start: (generation) => {
        if (generation === 2) fail(failureTypes.startFailed, 'the git server refuses');
      },
    },
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.pause();
      await caller.becomes('paused');
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.becomes('paused');
      await caller.resume();
      await caller.becomes('idle', 3);
    },
  }),
  'snapshot-gone': () => {
    const usual = scriptedActivities({});
    return {
      shows: 'a restore whose snapshot is gone: it starts from the base image',
      replace: {
        createSandbox: async (input) =>
          input.snapshot === null ? usual.createSandbox(input) : fail(failureTypes.imageGone, 'not found'),
      },
      story: async (caller) => {
        await caller.becomes('idle');
        await caller.pause();
        await caller.becomes('paused');
        await caller.resume();
        await caller.becomes('idle');
      },
    };
  },
  checkpoint: () => ({
    shows: 'a checkpoint on request between turns',
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.checkpoint();
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
};
