/** Reads a stream of the supervisor: the journal's bytes as records with their offsets, then the line that ends it. */
import { journalRecordSchema, streamAliveSchema, streamEndSchema } from '../contracts/supervisor.ts';
import type { JournalRecord, StreamAlive, StreamEnd } from '../contracts/supervisor.ts';
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
  const splitter = new LineSplitter();
  let refusal: Buffer = Buffer.alloc(0);
  let end: StreamEnd | null = null;
  for await (const chunk of curl.stdout) {
    const records: PlacedRecord[] = [];
    for (const line of splitter.linesOf(chunk)) {
      const parsed = parseLine(line);
      if (parsed.kind === 'stream.end') end = parsed;
      else if (parsed.kind === 'not-a-record') refusal = line;
      else if (parsed.kind !== 'stream.alive') {
        records.push({ offset, endOffset: offset + line.length + 1, record: parsed });
        offset += line.length + 1;
      }
    }
    if (records.length > 0) await options.onRecords(records);
    // Nothing comes after it: how curl ends is of no interest then.
    if (end !== null) return end;
  }
  options.signal?.throwIfAborted();
  await finish(sandbox, curl, refusal.length > 0 ? refusal : splitter.rest);
  throw new SupervisorAbsent('the stream ended without its last line');
}

/** Holds no more than the line that is still coming, and copies each byte once: a line may be as long as a file. */
class LineSplitter {
  #pieces: Buffer[] = [];

  *linesOf(chunk: Uint8Array): Generator<Buffer> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
      this.#pieces.push(bytes.subarray(start, at));
      const line = this.rest;
      this.#pieces = [];
      yield line;
      start = at + 1;
    }
    if (start < bytes.length) this.#pieces.push(bytes.subarray(start));
  }

  get rest(): Buffer {
    const [only, ...more] = this.#pieces;
    return only !== undefined && more.length === 0 ? only : Buffer.concat(this.#pieces);
  }
}

/** The body of an HTTP error has no `kind`; `finish` reads it. Anything else that is no record is a defect, and throws. */
function parseLine(line: Buffer): JournalRecord | StreamEnd | StreamAlive | { kind: 'not-a-record' } {
  const value: unknown = JSON.parse(line.toString('utf8'));
  if (!hasKind(value)) return { kind: 'not-a-record' };
  if (value.kind === 'stream.alive') return streamAliveSchema.parse(value);
  return value.kind === 'stream.end' ? streamEndSchema.parse(value) : journalRecordSchema.parse(value);
}

function hasKind(value: unknown): value is { kind: unknown } {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
