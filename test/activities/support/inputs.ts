/** What activities are asked to do: always of the session "s". */
import type { RunTurnInput } from '../../../src/activities/types.ts';
import { sessionInputSchema } from '../../../src/contracts/session-input.ts';
import type { SessionInput } from '../../../src/contracts/session-input.ts';

export function sessionOf(credentials: SessionInput['credentials'] = {}): SessionInput {
  return sessionInputSchema.parse({
    sessionId: 's',
    repositories: [{ url: 'https://github.com/acme/shop.git' }],
    user: { name: 'Ada', email: 'ada@example.com' },
    credentials,
  });
}

/** What everything is told that is asked of a sandbox. */
export const about = {
  sessionId: 's',
  session: sessionOf(),
  events: [],
  generation: 1,
  sandboxId: 'sb-1',
};

export const turnInput: RunTurnInput = {
  ...about,
  turnId: 't',
  text: 'do it',
  continuation: 0,
  options: {},
  steers: [],
  budgetLeftUsd: null,
  costUsd: 0,
};
