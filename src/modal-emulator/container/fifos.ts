/**
 * Real pipes for the processes of sandboxes. Node gives its children Unix sockets, which cannot be opened again through /dev/stdout and
 * /dev/stderr as programs in containers do, so each stream is a FIFO that is unlinked once both ends are open. They are made in batches
 * ahead of need, because mkfifo is a process.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './host-process.ts';
import { toolPath } from './tools.ts';

const batchSize = 96;
const lowWater = 48;

/** The two ends of one stream; `near` is non-blocking and this process's, `far` is handed to the child and then closed here. */
export type PipeEnds = { near: number; far: number };

export class Fifos {
  readonly #directory: string;
  #ready: string[] = [];
  #made = 0;
  #refilling: Promise<void> | undefined;
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
    this.#refill();
  }

  /** A pipe that the child reads from. */
  openInput(): PipeEnds {
    return this.#open((path) => ({
      near: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK),
      far: openSync(path, constants.O_RDONLY),
    }));
  }

  /** A pipe that the child writes to. */
  openOutput(): PipeEnds {
    return this.#open((path) => ({
      near: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      far: openSync(path, constants.O_WRONLY),
    }));
  }

  /** Resolves when nothing is made in the directory any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#refilling;
  }

  #open(openEnds: (path: string) => PipeEnds): PipeEnds {
    const path = this.#take();
    // Any user of the sandbox may open its own stdout again; nobody else reaches this directory.
    chmodSync(path, 0o666);
    // With both directions open for a moment, neither of the two opens below waits for the other.
    const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      return openEnds(path);
    } finally {
      closeSync(both);
      unlinkSync(path);
    }
  }

  #take(): string {
    if (this.#ready.length === 0) {
      const paths = this.#names();
      execFileSync(toolPath('mkfifo'), paths);
      this.#ready.push(...paths);
    } else if (this.#ready.length < lowWater) {
      this.#refill();
    }
    const path = this.#ready.pop();
    if (path === undefined) throw new Error('no FIFO was made');
    return path;
  }

  #refill(): void {
    if (this.#isClosed) return;
    this.#refilling ??= this.#make().finally(() => {
      this.#refilling = undefined;
    });
  }

  async #make(): Promise<void> {
    const paths = this.#names();
    // Without them the next `open` makes its own, and says what is wrong.
    await runTool('mkfifo', paths).then(
      () => this.#ready.push(...paths),
      () => undefined,
    );
  }

  #names(): string[] {
    return Array.from({ length: batchSize }, () => {
      this.#made += 1;
      return join(this.#directory, String(this.#made));
    });
  }
}
