/** The records of a journal with their places, for a supervisor that has just started. */
import { createReadStream } from 'node:fs';
import { journalRecordSchema, type JournalRecord } from '../../contracts/supervisor.ts';
import type { Journal, Span } from './journal.ts';

/** `kind` is always the first key of a line, so most of a long journal is not parsed. */
const uninteresting = '{"kind":"event"';

/** Every record but events, in order, read piece by piece. */
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
      if (!line.startsWith(uninteresting))
        yield { record: journalRecordSchema.parse(JSON.parse(line)), span };
    }
    offset += start;
    rest = bytes.subarray(start);
  }
}
