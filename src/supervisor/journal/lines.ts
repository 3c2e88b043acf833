/** The records of a journal with their places, for a supervisor that has just started. */
import { createReadStream } from 'node:fs';
import { journalRecordSchema, type JournalRecord } from '../../contracts/supervisor.ts';
import type { Journal, Span } from './journal.ts';

/** Every record but most events, in order, read piece by piece. */
export async function* recordsOf(journal: Journal): AsyncGenerator<{ record: JournalRecord; span: Span }> {
  let offset = 0;
  let rest = Buffer.alloc(0);
  for await (const piece of createReadStream(journal.path) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', start)) {
      const line = bytes.toString('utf8', start, end);
      const span = { start: offset + start, end: offset + end + 1 };
      start = end + 1;
      if (isOfInterest(line))
        yield { record: journalRecordSchema.parse(JSON.parse(line)), span };
    }
    offset += start;
    rest = bytes.subarray(start);
  }
}

/** `kind` is always the first key of a line, so most of a long journal is not parsed. */
function isOfInterest(line: string): boolean {
  return !line.startsWith('{"kind":"event"') || line.includes('"type":"agent.ready"');
}
