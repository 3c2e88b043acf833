/**
 * The journal file of one generation. Owns: appending whole lines, their byte offsets, and telling readers that it grew.
 * A record is in the kernel's hands before `append` returns, so it survives the death of this process (I2); only the
 * death of the sandbox takes it. `sync` is for the moments after which a snapshot or a checkpoint counts on it.
 * Memory does not grow with the journal: readers read the file.
 */
import { fsync, ftruncateSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { journalRecordSchema, type JournalRecord } from '../../contracts/supervisor.ts';

/** Bytes `start` to `end` (exclusive) hold one record with its line feed. */
export type Span = { start: number; end: number };

const readBytes = 64 * 1024;
const lineFeed = 0x0a;

export class Journal {
  readonly path: string;
  readonly #fd: number;
  #size: number;
  readonly #waiting = new Set<() => void>();

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
  }

  /** Creates the file, or opens it and cuts off a last line that its writer did not finish. */
  static open(path: string): Journal {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const journal = new Journal(path, openSync(path, 'a+', 0o600));
    journal.#cutTornLine();
    return journal;
  }

  /** Where the next record will start. */
  get size(): number {
    return this.#size;
  }

  append(record: JournalRecord): Span {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    const start = this.#size;
    try {
      for (let done = 0; done < line.length;) done += writeSync(this.#fd, line, done);
    } catch (error) {
      // A half-written line would become the head of the next one.
      ftruncateSync(this.#fd, start);
      throw error;
    }
    this.#size = start + line.length;
    for (const wake of this.#waiting) wake();
    return { start, end: this.#size };
  }

  /** Resolves when the journal is longer than `size`, after `withinMs`, or when `signal` is aborted. */
  async grownBeyond(
    size: number,
    { withinMs, signal }: { withinMs: number; signal: AbortSignal },
  ): Promise<void> {
    if (this.#size > size || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** True at the start, at the end, and wherever a record starts. */
  isBoundary(offset: number): boolean {
    if (offset === 0) return true;
    if (offset > this.#size) return false;
    const before = Buffer.alloc(1);
    readSync(this.#fd, before, 0, 1, offset - 1);
    return before[0] === lineFeed;
  }

  /** For reading beside the writer; to be closed. */
  async reader(): Promise<JournalReader> {
    return new JournalReader(await open(this.path, 'r'));
  }

  /** Resolves when all of it is on disk. */
  async sync(): Promise<void> {
    await promisify(fsync)(this.#fd);
  }

  #cutTornLine(): void {
    const piece = Buffer.alloc(readBytes);
    for (let end = this.#size; end > 0;) {
      const start = Math.max(0, end - readBytes);
      const length = readSync(this.#fd, piece, 0, end - start, start);
      const last = piece.subarray(0, length).lastIndexOf(lineFeed);
      if (last >= 0) return this.#cut(start + last + 1);
      end = start;
    }
    this.#cut(0);
  }

  #cut(size: number): void {
    if (size === this.#size) return;
    ftruncateSync(this.#fd, size);
    this.#size = size;
  }
}

export class JournalReader {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The bytes of a span, in pieces, each read only when the one before was taken. */
  async *bytes({ start, end }: Span): AsyncGenerator<Buffer> {
    for (let position = start; position < end;) {
      const piece = Buffer.alloc(Math.min(readBytes, end - position));
      const { bytesRead } = await this.#file.read(piece, 0, piece.length, position);
      if (bytesRead === 0) throw new Error(`the journal ends before byte ${end}`);
      position += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  }

  async record(span: Span): Promise<JournalRecord> {
    const pieces: Buffer[] = [];
    for await (const piece of this.bytes(span)) pieces.push(piece);
    return journalRecordSchema.parse(JSON.parse(Buffer.concat(pieces).toString()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
