/** What every event log must hold, whatever happened to the processes behind it. */
import { expect } from 'vitest';
import type { Session } from '../../src/client.ts';
import type { SessionEvent } from '../../src/contracts/events.ts';
import { isTurnEnd } from '../../src/contracts/events.ts';

/** The event log as it is now: nothing more came for `quietMs`, which a busy machine may need to read it. */
export async function readLog(session: Session, quietMs = 1_000): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  const stop = new AbortController();
  const idle = (): NodeJS.Timeout => setTimeout(() => stop.abort(), quietMs);
  let timer = idle();
  for await (const event of session.events({ signal: stop.signal })) {
    clearTimeout(timer);
    events.push(event);
    timer = idle();
  }
  clearTimeout(timer);
  return events;
}

/** Follows from now on until `stop`; the events seen, in the order they came. */
export function follow(session: Session): { seen: SessionEvent[]; stop: () => Promise<void> } {
  const seen: SessionEvent[] = [];
  const abort = new AbortController();
  const done = (async () => {
    for await (const event of session.events({ signal: abort.signal })) seen.push(event);
  })();
  return {
    seen,
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

/** I5: contiguous and unique; and every turn that was queued ended exactly once. */
export function expectWholeLog(events: readonly SessionEvent[]): void {
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  const queued = events.filter((event) => event.type === 'prompt.queued').map((event) => event.turnId);
  const ended = events.filter(isTurnEnd).map((event) => event.turnId);
  expect(new Set(ended)).toEqual(new Set(queued));
  expect(ended).toHaveLength(queued.length);
}

export function count(events: readonly SessionEvent[], type: SessionEvent['type']): number {
  return events.filter((event) => event.type === type).length;
}

export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  seconds = 180,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
