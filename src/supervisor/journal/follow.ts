/** Streams of the journal as the contract means them: its exact bytes, then one `StreamEnd`. */
import { streamAliveSeconds, type StreamAlive, type StreamEnd } from '../../contracts/supervisor.ts';
import type { Journal, Span } from './journal.ts';

export type Follow = {
  journal: Journal;
  from: number;
  /** Where the record lies that ends the stream, as soon as it is there. Asked again after every growth. */
  ending: () => Span | undefined;
  signal: AbortSignal;
  /** After so long without a record the stream says that it is alive. */
  aliveMs?: number;
};

const aliveLine = `${JSON.stringify({ kind: 'stream.alive' } satisfies StreamAlive)}\n`;

/** Ends early, without a `StreamEnd`, when `signal` is aborted. */
export async function* follow({
  journal,
  from,
  ending,
  signal,
  aliveMs = streamAliveSeconds * 1_000,
}: Follow): AsyncGenerator<Buffer | string> {
  await using reader = await journal.reader();
  for (let position = from; !signal.aborted;) {
    const span = ending();
    const end = span?.end ?? journal.size;
    yield* reader.bytes({ start: position, end });
    position = Math.max(position, end);
    if (span !== undefined) {
      yield endLine({ kind: 'stream.end', next: position, record: await reader.record(span) });
      return;
    }
    await journal.grownBeyond(position, { withinMs: aliveMs, signal });
    // Between two records: the journal ends with a whole one.
    if (journal.size === position && !signal.aborted) yield aliveLine;
  }
}

/** What is there now, without following. */
export async function* replay(journal: Journal, from: number): AsyncGenerator<Buffer | string> {
  await using reader = await journal.reader();
  const end = journal.size;
  yield* reader.bytes({ start: from, end });
  yield endLine({ kind: 'stream.end', next: Math.max(from, end), record: null });
}

function endLine(end: StreamEnd): string {
  return `${JSON.stringify(end)}\n`;
}
