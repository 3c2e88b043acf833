/**
 * What a process wrote to one stream, kept whole so that a reader can start again at any offset. The newest part is in memory, older parts
 * go to a file.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';

const memoryLimitBytes = 1024 * 1024;
/** What a finished process keeps in memory; a sandbox can have many of them. */
const endedMemoryLimitBytes = 64 * 1024;
const readChunkBytes = 1024 * 1024;

export type OutputPart = { offset: number; data: Buffer };

export class OutputLog {
  readonly #spoolPath: string;
  #spool: number | undefined;
  #chunks: OutputPart[] = [];
  /** Offset of the first byte in memory; everything before it is in the spool file. */
  #memoryStart = 0;
  #end = 0;
  #ended = false;
  #wakeUps: (() => void)[] = [];

  /** The file at `spoolPath` is made only for more output than fits into memory. */
  constructor(spoolPath: string) {
    this.#spoolPath = spoolPath;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  append(data: Buffer): void {
    if (this.#ended || data.length === 0) return;
    this.#chunks.push({ offset: this.#end, data });
    this.#end += data.length;
    this.#spoolAbove(memoryLimitBytes);
    this.#wake();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#spoolAbove(endedMemoryLimitBytes);
    if (this.#spool !== undefined) closeSync(this.#spool);
    this.#wake();
  }

  /** Yields everything from `offset` on as it comes, until the log has ended or the signal is aborted. */
  async *read(offset: number, signal: AbortSignal): AsyncGenerator<OutputPart> {
    let position = offset;
    while (!signal.aborted) {
      if (position < this.#memoryStart) {
        const data = await this.#readSpool(position);
        yield { offset: position, data };
        position += data.length;
      } else if (position < this.#end) {
        const data = this.#readMemory(position);
        yield { offset: position, data };
        position += data.length;
      } else if (this.#ended) {
        return;
      } else {
        await this.#more(signal);
      }
    }
  }

  /** The whole output as text; for output known to be small. */
  async readAll(): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of this.read(0, new AbortController().signal)) parts.push(part.data);
    return Buffer.concat(parts).toString('utf8');
  }

  discard(): void {
    this.end();
    rmSync(this.#spoolPath, { force: true });
  }

  #spoolAbove(limitBytes: number): void {
    while (this.#end - this.#memoryStart > limitBytes) this.#spoolOldest();
  }

  #spoolOldest(): void {
    const oldest = this.#chunks.shift();
    if (oldest === undefined) return;
    this.#spool ??= openSync(this.#spoolPath, 'w', 0o600);
    const { data } = oldest;
    for (let written = 0; written < data.length;) written += writeSync(this.#spool, data, written);
    this.#memoryStart += data.length;
  }

  async #readSpool(position: number): Promise<Buffer> {
    const file = await open(this.#spoolPath, 'r');
    try {
      const length = Math.min(readChunkBytes, this.#memoryStart - position);
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
      if (bytesRead === 0) throw new Error(`the output at ${position} is gone`);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #readMemory(position: number): Buffer {
    const first = this.#chunkAt(position);
    const parts: Buffer[] = [];
    let length = 0;
    for (let index = first; index < this.#chunks.length && length < readChunkBytes; index += 1) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) break;
      const part = index === first ? chunk.data.subarray(position - chunk.offset) : chunk.data;
      parts.push(part);
      length += part.length;
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  /** Index of the chunk in memory that holds the byte at `position`. */
  #chunkAt(position: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#chunks[middle]?.offset ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #more(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wakeUp = (): void => resolve();
    this.#wakeUps.push(wakeUp);
    signal.addEventListener('abort', wakeUp, { once: true });
    await promise;
    signal.removeEventListener('abort', wakeUp);
  }

  #wake(): void {
    for (const resolve of this.#wakeUps.splice(0)) resolve();
  }
}
