/** Rewind and fork. */
import { failureTypes } from '../../../src/contracts/failures.ts';
import { fail } from '../../workflows/support/scripted-activities.ts';
import type { Scenarios } from '../support/scenario.ts';

export const points: Scenarios = {
  rewind: () => ({
    shows: 'an idle session that goes back to the end of an earlier turn',
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.prompt('p2');
      await caller.turnEnds('p2');
      await caller.becomes('idle');
      await caller.rewind('turn-p1');
      await caller.becomes('idle', 2);
      await caller.prompt('p3');
      await caller.turnEnds('p3');
    },
  }),
  'rewind-paused': () => ({
    shows: 'a paused session that goes back, and comes back',
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.pause();
      await caller.becomes('paused');
      await caller.rewind('turn-p1');
      await caller.becomes('idle', 2);
    },
  }),
  'rewind-failed': () => ({
    shows: 'a rewind to what is not there: the session stays where it was',
    activities: { prepare: () => fail(failureTypes.checkpointUnusable, 'there is no such checkpoint') },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.becomes('idle');
      await caller.rewind('turn-p9');
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
  'rewind-not-restored': () => ({
    shows: 'a rewind whose next sandbox cannot be had: the session stays paused',
    activities: {
      start: (generation) => {
        if (generation === 2) fail(failureTypes.startFailed, 'the git server refuses');
      },
    },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.becomes('idle');
      await caller.rewind('turn-p1');
      await caller.becomes('paused');
    },
  }),
  fork: () => ({
    shows: 'a session that begins at the checkpoint of another one',
    request: { fork: { sessionId: 'source', checkpointId: 'turn-p7' } },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.turnEnds('p1');
    },
  }),
  'fork-failed': () => ({
    shows: 'a fork of what is not there',
    request: { fork: { sessionId: 'source' } },
    activities: { prepare: () => fail(failureTypes.checkpointUnusable, 'there is no such session') },
    story: async (caller) => caller.closes(),
  }),
};
