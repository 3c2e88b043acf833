/** The lines and records of a journal with their places, read piece by piece. */
import { createReadStream } from 'node:fs';
import { journalRecordSchema, type JournalRecord } from '../../contracts/supervisor.ts';
import type { Journal, Span } from './journal.ts';

/** The lines from byte `from` on, without their line feeds. */
export async function* linesOf(journal: Journal, from = 0): AsyncGenerator<{ line: string; span: Span }> {
  let offset = from;
  /** What came of the line that is still coming: copied once, however long the line is. */
  let begun: Buffer[] = [];
  const pieces = createReadStream(journal.path, { start: from }) as AsyncIterable<Buffer>;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', start)) {
      const line = Buffer.concat([...begun, piece.subarray(start, end)]);
      begun = [];
      const span = { start: offset, end: offset + line.length + 1 };
      yield { line: line.toString('utf8'), span };
      offset = span.end;
      start = end + 1;
    }
    if (start < piece.length) begun.push(piece.subarray(start));
  }
}

/** Every record but most events, for a supervisor that has just started. */
export async function* recordsOf(journal: Journal): AsyncGenerator<{ record: JournalRecord; span: Span }> {
  for await (const { line, span } of linesOf(journal)) {
    if (isOfInterest(line)) yield { record: journalRecordSchema.parse(JSON.parse(line)), span };
  }
}

/** `kind` is always the first key of a line, so most of a long journal is not parsed. */
function isOfInterest(line: string): boolean {
  return !line.startsWith('{"kind":"event"') || eventsOfInterest.test(line);
}

/** What the generation and its starts keep of events. */
const eventsOfInterest = /"type":"(?:agent\.ready|repository\.restored|conversation\.restored)"/;
