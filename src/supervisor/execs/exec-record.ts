/** What is known of the execs of one generation: each runs once, whatever is requested again. Pure, like the turn record. */
import type { JournalRecord } from '../../contracts/supervisor.ts';
import type { Span } from '../journal/journal.ts';

export class ExecRecord {
  /** Null while it runs. */
  readonly #execs = new Map<string, Span | null>();

  apply(record: JournalRecord, span: Span): void {
    if (record.kind === 'exec.accepted') this.#execs.set(record.execId, null);
    if (record.kind === 'exec.ended') this.#execs.set(record.execId, span);
  }

  isKnown(execId: string): boolean {
    return this.#execs.has(execId);
  }

  endingOf(execId: string): Span | undefined {
    return this.#execs.get(execId) ?? undefined;
  }

  running(): string[] {
    return [...this.#execs].filter(([, ending]) => ending === null).map(([execId]) => execId);
  }
}
