/** Reads a stream of the supervisor: the journal's bytes as records with their offsets, then the line that ends it. */
import { journalRecordSchema, streamEndSchema } from '../contracts/supervisor.ts';
import type { JournalRecord, StreamEnd } from '../contracts/supervisor.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import { SupervisorAbsent, finish, request } from './supervisor-client.ts';
import type { SupervisorRequest } from './supervisor-client.ts';

/** `offset` is the record's first byte in the journal, `endOffset` the first byte after its newline. */
export type PlacedRecord = { offset: number; endOffset: number; record: JournalRecord };

export type StreamOptions = SupervisorRequest & {
  from: number;
  /** The sandbox has taken the request: from now on the supervisor may have read it. */
  onSent?: () => void;
  onRecords: (records: PlacedRecord[]) => Promise<void>;
};

const newline = 0x0a;

/**
 * Sends the request and hands on the journal's records as they come, those of one chunk together.
 * Returns the stream's end; throws `SupervisorAbsent` when the stream was cut, `SupervisorRefused`, `SandboxLost`.
 */
export async function streamJournal(sandbox: Sandbox, options: StreamOptions): Promise<StreamEnd> {
  const curl = await request(sandbox, options);
  options.onSent?.();
  let offset = options.from;
  let rest: Buffer = Buffer.alloc(0);
  let end: StreamEnd | null = null;
  for await (const chunk of curl.stdout) {
    const { lines, remainder } = splitLines(Buffer.concat([rest, chunk]));
    rest = remainder;
    const records: PlacedRecord[] = [];
    for (const line of lines) {
      const parsed = parseLine(line);
      if (parsed.kind === 'stream.end') end = parsed;
      else if (parsed.kind === 'not-a-record') rest = line;
      else {
        records.push({ offset, endOffset: offset + line.length + 1, record: parsed });
        offset += line.length + 1;
      }
    }
    if (records.length > 0) await options.onRecords(records);
    // Nothing comes after it: how curl ends is of no interest then.
    if (end !== null) return end;
  }
  options.signal?.throwIfAborted();
  await finish(sandbox, curl, rest);
  throw new SupervisorAbsent('the stream ended without its last line');
}

function splitLines(buffer: Buffer): { lines: Buffer[]; remainder: Buffer } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let at = buffer.indexOf(newline); at >= 0; at = buffer.indexOf(newline, start)) {
    lines.push(buffer.subarray(start, at));
    start = at + 1;
  }
  return { lines, remainder: buffer.subarray(start) };
}

/** The body of an HTTP error has no `kind`; `finish` reads it. Anything else that is no record is a defect, and throws. */
function parseLine(line: Buffer): JournalRecord | StreamEnd | { kind: 'not-a-record' } {
  const value: unknown = JSON.parse(line.toString('utf8'));
  if (!hasKind(value)) return { kind: 'not-a-record' };
  return value.kind === 'stream.end' ? streamEndSchema.parse(value) : journalRecordSchema.parse(value);
}

function hasKind(value: unknown): value is { kind: unknown } {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
