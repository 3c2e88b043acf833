/** The event log of a driven session, as far as prompts and their ends go: it keeps the first event of an id (I5). */
import type { OwnEvent } from '../../../src/contracts/events.ts';
import { turnEndEventId } from '../../../src/contracts/ids.ts';

const endTypes: readonly string[] = ['turn.completed', 'turn.interrupted', 'turn.failed', 'prompt.cancelled'];

export class DrivenLog {
  /** How often each prompt ended. */
  readonly ends = new Map<string, number>();
  readonly #endIds = new Set<string>();
  readonly #eventIds = new Set<string>();

  /** Throws when an id is given twice that no one else may write, and when an end is told under another id than its own. */
  append(events: readonly OwnEvent[]): void {
    for (const { eventId, turnId, body } of events) {
      const isEnd = endTypes.includes(body.type) && turnId !== undefined;
      if (!isEnd && this.#eventIds.has(eventId)) throw new Error(`${eventId} twice`);
      this.#eventIds.add(eventId);
      if (!isEnd) continue;
      if (eventId !== turnEndEventId(turnId)) throw new Error(`the end of ${turnId} is told as ${eventId}`);
      this.end(turnId);
    }
  }

  end(promptId: string): void {
    const eventId = turnEndEventId(promptId);
    if (this.#endIds.has(eventId)) return;
    this.#endIds.add(eventId);
    this.ends.set(promptId, (this.ends.get(promptId) ?? 0) + 1);
  }
}
