/** How a session begins, and how it does not. */
import { failureTypes } from '../../../src/contracts/failures.ts';
import { fail } from '../../workflows/support/scripted-activities.ts';
import type { Scenarios } from '../support/scenario.ts';

export const starting: Scenarios = {
  start: () => ({
    shows: 'a session that starts and waits',
    story: async (caller) => caller.becomes('idle'),
  }),
  'start-failed': () => ({
    shows: 'a start that fails for good, with a prompt that waits for it',
    activities: { start: () => fail(failureTypes.startFailed, 'repository not found') },
    story: async (caller) => {
      await caller.prompt('p1').catch(() => undefined);
      await caller.closes();
    },
  }),
  'start-lost': () => ({
    shows: 'sandboxes that are lost while they start, and one that is not',
    activities: {
      start: (generation) => {
        if (generation < 3) fail(failureTypes.sandboxLost, 'it was terminated');
      },
    },
    story: async (caller) => caller.becomes('idle', 3),
  }),
  'start-lost-too-often': () => ({
    shows: 'a start that is given up because every sandbox is lost',
    activities: { start: () => fail(failureTypes.sandboxLost, 'it was terminated') },
    story: async (caller) => caller.closes(),
  }),
  'id-used': () => ({
    shows: 'a session id that cannot be had',
    activities: { record: () => fail(failureTypes.sessionIdUsed, 'used by an earlier session') },
    story: async (caller) => caller.closes(),
  }),
  'claim-again': () => {
    let claims = 0;
    return {
      shows: 'a claim of the session id that is made again',
      activities: {
        record: ({ claimFor }) => {
          if (claimFor === undefined) return;
          claims += 1;
          if (claims === 1) fail('StoreDown', 'the store does not answer');
        },
      },
      story: async (caller) => caller.becomes('idle'),
    };
  },
  'ended-before-it-began': () => ({
    shows: 'a session that is ended before its id was had',
    activities: { record: () => fail('StoreDown', 'the store does not answer') },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.exec('e1');
      await caller.terminate();
    },
  }),
};
