/** What is known of the starts of one generation. Pure, like the turn record. */
import type { JournalRecord } from '../../contracts/supervisor.ts';
import type { Span } from '../journal/journal.ts';

export class StartRecord {
  #newest: { span: Span; finished: boolean } | null = null;
  #finishedOnce = false;

  apply(record: JournalRecord, span: Span): void {
    if (record.kind !== 'start.finished' && record.kind !== 'start.failed') return;
    const finished = record.kind === 'start.finished';
    this.#newest = { span, finished };
    this.#finishedOnce ||= finished;
  }

  /** Repositories and conversation of this generation are in place. */
  get finishedOnce(): boolean {
    return this.#finishedOnce;
  }

  get newest(): Span | undefined {
    return this.#newest?.span;
  }

  /** The failure a reader at `from` has not seen yet: it gets that one, and only then may try again. */
  unseenFailure(from: number): Span | undefined {
    const newest = this.#newest;
    return newest !== null && !newest.finished && newest.span.start >= from ? newest.span : undefined;
  }
}
