/** The lines and records of a journal with their places, read piece by piece. */
import { createReadStream } from 'node:fs';
import { journalRecordSchema, type JournalRecord } from '../../contracts/supervisor.ts';
import type { Journal, Span } from './journal.ts';

/** The lines from byte `from` on, without their line feeds. */
export async function* linesOf(journal: Journal, from = 0): AsyncGenerator<{ line: string; span: Span }> {
  let offset = from;
  let rest = Buffer.alloc(0);
  const pieces = createReadStream(journal.path, { start: from }) as AsyncIterable<Buffer>;
  for await (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', start)) {
      const span = { start: offset + start, end: offset + end + 1 };
      yield { line: bytes.toString('utf8', start, end), span };
      start = end + 1;
    }
    offset += start;
    rest = bytes.subarray(start);
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
  return !line.startsWith('{"kind":"event"') || line.includes('"type":"agent.ready"');
}
