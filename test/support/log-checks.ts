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

/** I5: contiguous and unique; and every prompt that was queued, or taken to steer a running turn, ended exactly once. */
export function expectWholeLog(events: readonly SessionEvent[]): void {
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  const taken = events.map(takenPrompt).filter((promptId) => promptId !== null);
  const ended = events.map(endedPrompt).filter((promptId) => promptId !== null);
  // One that came too late to steer is queued, too.
  expect(ended.toSorted()).toEqual([...new Set(taken)].toSorted());
}

/** The id of the prompt that the event takes; null of other events. */
function takenPrompt(event: SessionEvent): string | null {
  if (event.type === 'turn.steering') return event.data.promptId;
  return event.type === 'prompt.queued' ? promptIdOf(event) : null;
}

/** The same of the event that ends a prompt. */
function endedPrompt(event: SessionEvent): string | null {
  if (event.type === 'turn.steered') return event.data.promptId;
  return event.type === 'prompt.cancelled' || isTurnEnd(event) ? promptIdOf(event) : null;
}

function promptIdOf({ type, turnId }: SessionEvent): string {
  if (turnId === undefined) throw new TypeError(`the event ${type} names no prompt`);
  return turnId;
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
