/**
 * How followers hear of an append, in whichever process it happens: after its commit the writer writes one byte into a
 * file beside the store, and every process that follows watches that file. A watch that is missing or missed (a writer
 * killed between commit and ring, a file system without notifications) costs one poll interval, not an event.
 *
 * Owns one file descriptor, and one watch and one timer while somebody listens.
 */
import { closeSync, constants, openSync, watch, writeSync, type FSWatcher } from 'node:fs';
import { StoreClosed, StoreNotWritable } from './errors.ts';

const pollIntervalMs = 250;

export class Doorbell {
  readonly #path: string;
  readonly #fd: number;
  /** What changes whenever anything was committed; cheap to ask. */
  readonly #version: () => unknown;
  #polled: unknown;
  #rings = 0;
  #closed = false;
  #listeners = 0;
  readonly #waiting = new Set<() => void>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, version: () => unknown) {
    this.#path = path;
    this.#version = version;
    try {
      this.#fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    } catch (error) {
      throw new StoreNotWritable(path, error);
    }
  }

  /** After a commit that appended events. */
  ring(): void {
    if (this.#closed) return;
    this.#wake();
    try {
      writeSync(this.#fd, '!', 0);
    } catch {
      // The append is done whether or not anybody hears of it now.
    }
  }

  /** From here until `stop`, no ring is missed: `rings` before reading, `next(rings)` when there was nothing to read. */
  listen(): { rings(): number; next(after: number, signal?: AbortSignal): Promise<void>; stop(): void } {
    if (this.#closed) throw new StoreClosed();
    this.#listeners += 1;
    if (this.#listeners === 1) this.#startWatching();
    return {
      rings: () => this.#rings,
      next: async (after, signal) => this.#next(after, signal),
      stop: () => {
        this.#listeners -= 1;
        if (this.#listeners === 0) this.#stopWatching();
      },
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWatching();
    this.#wake();
    closeSync(this.#fd);
  }

  /** Resolves at the next ring, or when `signal` is aborted. */
  async #next(after: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#rings === after && !this.#closed && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal?.removeEventListener('abort', done);
          this.#waiting.delete(done);
          resolve();
        };
        signal?.addEventListener('abort', done);
        this.#waiting.add(done);
      });
    }
    if (this.#closed && signal?.aborted !== true) throw new StoreClosed();
  }

  #wake(): void {
    this.#rings += 1;
    for (const done of this.#waiting) done();
  }

  #startWatching(): void {
    try {
      this.#watcher = watch(this.#path, () => this.#wake());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // The system has no watch to give: polling alone has to do.
    }
    this.#polled = this.#version();
    this.#timer = setInterval(() => this.#poll(), pollIntervalMs);
  }

  #stopWatching(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    clearInterval(this.#timer);
  }

  #poll(): void {
    const version = this.#version();
    if (version === this.#polled) return;
    this.#polled = version;
    this.#wake();
  }
}
