/** What is known of the starts of one generation. Pure, like the turn record. */
import type { RestoreLoss } from '../../agent/notices.ts';
import type { EventBody } from '../../contracts/events.ts';
import type { JournalRecord } from '../../contracts/supervisor.ts';
import type { Span } from '../journal/journal.ts';

export class StartRecord {
  #newest: { span: Span; finished: boolean } | null = null;
  #finishedOnce = false;
  /** By repository: an attempt that failed is repeated. */
  readonly #notRestored = new Map<string, readonly string[]>();
  #conversation: RestoreLoss['conversation'] = null;

  apply(record: JournalRecord, span: Span): void {
    if (record.kind === 'event') this.#applyEvent(record.event);
    if (record.kind !== 'start.finished' && record.kind !== 'start.failed') return;
    const finished = record.kind === 'start.finished';
    this.#newest = { span, finished };
    this.#finishedOnce ||= finished;
  }

  /** Repositories and conversation of this generation are in place. */
  get finishedOnce(): boolean {
    return this.#finishedOnce;
  }

  /** What the restore could not bring back. */
  get restoreLoss(): RestoreLoss {
    return { notRestored: [...this.#notRestored.values()].flat(), conversation: this.#conversation };
  }

  get newest(): Span | undefined {
    return this.#newest?.span;
  }

  /** The failure a reader at `from` has not seen yet: it gets that one, and only then may try again. */
  unseenFailure(from: number): Span | undefined {
    const newest = this.#newest;
    return newest !== null && !newest.finished && newest.span.start >= from ? newest.span : undefined;
  }

  #applyEvent(event: EventBody): void {
    if (event.type === 'repository.restored') {
      this.#notRestored.set(event.data.repository, event.data.notRestored);
    }
    if (event.type !== 'conversation.restored') return;
    this.#conversation = event.data.from === 'transcript' ? null : event.data.from;
  }
}
