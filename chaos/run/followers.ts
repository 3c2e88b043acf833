/** Two people who watch the session: one who stays, and one whose connection is cut again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionNotFound } from '../../src/client.ts';
import type { Session, SessionEvent } from '../../src/client.ts';
import type { Random } from '../random.ts';

export type Follower = { seen: SessionEvent[]; done: Promise<void> };

const longestStayMs = 900;

/** Follows until the session closes or `signal` is aborted. A failure of the iteration is the follower's to tell. */
export function followStaying(
  session: Session,
  signal: AbortSignal,
  onEvent: (event: SessionEvent) => void,
): Follower {
  const seen: SessionEvent[] = [];
  const follow = async (): Promise<void> => {
    for await (const event of session.events({ signal })) {
      seen.push(event);
      onEvent(event);
    }
  };
  return { seen, done: onceKnown(signal, follow) };
}

/** The same, going away after a random while and coming back where it was. */
export function followReconnecting(session: Session, signal: AbortSignal, random: Random): Follower {
  const seen: SessionEvent[] = [];
  const follow = async (): Promise<void> => {
    while (!signal.aborted && seen.at(-1)?.type !== 'session.closed') {
      const stay = AbortSignal.any([signal, AbortSignal.timeout(random.below(longestStayMs) + 1)]);
      for await (const event of session.events({ after: seen.at(-1)?.seq ?? 0, signal: stay }))
        seen.push(event);
      await sleep(random.below(50));
    }
  };
  return { seen, done: onceKnown(signal, follow) };
}

/** They are there before the session is. */
async function onceKnown(signal: AbortSignal, follow: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      return await follow();
    } catch (error) {
      if (!(error instanceof SessionNotFound)) throw error;
      await sleep(50);
    }
  }
}
