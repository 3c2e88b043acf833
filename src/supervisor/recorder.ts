/**
 * The only way into the journal: stamps, redacts (I8, I11: before anything is cut), cuts, and keeps the order. The agent's
 * text pieces are joined for some milliseconds; whatever else is written first lets out what waits.
 */
import { boundEvent } from '../agent/bound-event.ts';
import { createCoalescer, type DeltaBody } from '../agent/coalesce.ts';
import type { EventBody } from '../contracts/events.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import type { RedactionStream, Redactor } from '../secrets/redaction.ts';
import type { Generation } from './generation.ts';
import type { Span } from './journal/journal.ts';

/** A record before it has its time. */
export type Unstamped<R extends JournalRecord = JournalRecord> = R extends unknown ? Omit<R, 'at'> : never;

export class Recorder {
  readonly generation: Generation;
  readonly redactor: Redactor;
  readonly #coalescer = createCoalescer({ emit: (delta) => this.#writeDelta(delta) });
  /** One for each block of text that is still coming: a secret may lie across its pieces. */
  readonly #blocks = new Map<string, { first: DeltaBody; redaction: RedactionStream; turnId?: string }>();
  #deltaTurnId: string | undefined;

  constructor(generation: Generation, redactor: Redactor) {
    this.generation = generation;
    this.redactor = redactor;
  }

  record(record: Unstamped): Span {
    this.#coalescer.flush();
    return this.#write(record);
  }

  event(body: EventBody, turnId?: string): void {
    this.#coalescer.flush();
    this.#writeEvent(body, turnId);
  }

  delta(body: DeltaBody, turnId?: string): void {
    if (turnId !== this.#deltaTurnId) this.#coalescer.flush();
    this.#deltaTurnId = turnId;
    this.#coalescer.add(body);
  }

  /** The blocks of that message are whole (of every message, without an id): what was held back of them may go. */
  endBlocks(messageId?: string): void {
    this.#coalescer.flush();
    for (const [key, { first, redaction, turnId }] of this.#blocks) {
      if (messageId !== undefined && first.data.messageId !== messageId) continue;
      this.#blocks.delete(key);
      this.#writeText(first, redaction.flush(), turnId);
    }
  }

  #writeDelta(delta: DeltaBody): void {
    const { messageId, block, text } = delta.data;
    const key = `${messageId} ${delta.type} ${block}`;
    const turnId = this.#deltaTurnId;
    const open = this.#blocks.get(key) ?? {
      first: delta,
      redaction: this.redactor.stream(),
      ...(turnId === undefined ? {} : { turnId }),
    };
    this.#blocks.set(key, open);
    this.#writeText(delta, open.redaction.push(text), open.turnId);
  }

  #writeText(delta: DeltaBody, text: string, turnId?: string): void {
    if (text !== '') this.#writeEvent({ ...delta, data: { ...delta.data, text } }, turnId);
  }

  #writeEvent(body: EventBody, turnId?: string): void {
    const event = boundEvent(this.redactor.json(body));
    this.#write({ kind: 'event', ...(turnId === undefined ? {} : { turnId }), event });
  }

  #write(record: Unstamped): Span {
    // `kind` stays the first key of every record: the journal's own reader looks for it there.
    return this.generation.append({ ...this.redactor.json(record), at: new Date().toISOString() });
  }
}
