/** The reaper's own workflow. */
import type { Scenarios } from '../support/scenario.ts';

export const reaper: Scenarios = {
  reaper: () => {
    let looks = 0;
    return {
      shows: 'one look at everything, at the second attempt',
      reaper: {
        reap: async () => {
          looks += 1;
          if (looks === 1) throw new Error('the provider does not answer');
          return {
            sandboxes: 2,
            owned: 1,
            waiting: ['sb-2'],
            ended: [],
            deletedImages: [],
            forgottenSessions: [],
            problems: [],
          };
        },
      },
    };
  },
};
