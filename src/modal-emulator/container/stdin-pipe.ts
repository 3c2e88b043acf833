/** A process's input over a connection that may break: no byte twice, none left out. */
import { Socket } from 'node:net';

/** Why bytes for a process were not taken. */
export class StdinRefused extends Error {
  override readonly name = 'StdinRefused';
}

/**
 * The stdin of a process, written by offset so that a repeated write adds nothing. One writer at a time: taking over makes the writer
 * before fail at its next write.
 */
export class StdinPipe {
  readonly #pipe: Socket;
  #written = 0;
  #isClosed = false;
  #writer = Symbol('first writer');

  constructor(fd: number) {
    this.#pipe = new Socket({ fd, readable: false, writable: true });
    // The process has closed its stdin or ended; the next write says so.
    this.#pipe.on('error', () => {
      this.#isClosed = true;
    });
  }

  get written(): number {
    return this.#written;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  takeOver(): symbol {
    this.#writer = Symbol('writer');
    return this.#writer;
  }

  /** Adds the part of `data` that lies beyond what is written. Resolves when the pipe can take more. */
  async write(data: Buffer, offset: number, writer?: symbol): Promise<void> {
    if (writer !== undefined && writer !== this.#writer)
      throw new StdinRefused('another writer has taken over');
    if (offset > this.#written) {
      throw new StdinRefused(`stdin is at ${this.#written}, cannot continue at ${offset}`);
    }
    const fresh = data.subarray(this.#written - offset);
    if (fresh.length === 0) return;
    if (this.#isClosed) throw new StdinRefused('stdin is closed');
    this.#written += fresh.length;
    await new Promise<void>((resolve, reject) => {
      this.#pipe.write(fresh, (error) => {
        if (error) reject(new StdinRefused('the process does not read its stdin any more'));
        else resolve();
      });
    });
  }

  /** End of file for the process. */
  close(writer?: symbol): void {
    this.#refuseFormer(writer);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pipe.end();
  }

  /** The process has ended: nobody will read. */
  abandon(): void {
    this.#isClosed = true;
    this.#pipe.destroy();
  }

  #refuseFormer(writer: symbol | undefined): void {
    if (writer !== undefined && writer !== this.#writer)
      throw new StdinRefused('another writer has taken over');
  }
}
