/**
 * Real pipes for the processes of sandboxes. Node gives its children Unix sockets, which cannot be opened again through /dev/stdout and
 * /dev/stderr as programs in containers do, so each stream is a FIFO that is unlinked once both ends are open. They are made in batches
 * ahead of need, because mkfifo is a process.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { toolPath } from './tools.ts';

const BATCH = 96;
const LOW_WATER = 48;

/** The two ends of one stream; `near` is non-blocking and this process's, `far` is handed to the child and then closed here. */
export type PipeEnds = { near: number; far: number };

export class Fifos {
  readonly #directory: string;
  #ready: string[] = [];
  #made = 0;
  #refilling = false;

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
    } else if (this.#ready.length < LOW_WATER && !this.#refilling) {
      this.#refill();
    }
    const path = this.#ready.pop();
    if (path === undefined) throw new Error('no FIFO was made');
    return path;
  }

  #refill(): void {
    this.#refilling = true;
    const paths = this.#names();
    execFile(toolPath('mkfifo'), paths, (error) => {
      this.#refilling = false;
      if (error === null) this.#ready.push(...paths);
    });
  }

  #names(): string[] {
    return Array.from({ length: BATCH }, () => {
      this.#made += 1;
      return join(this.#directory, String(this.#made));
    });
  }
}
