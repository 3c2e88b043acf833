/** A tool call that lasts until the test lets it end: any sleep is too short for a busy machine and too long for others. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Place } from './world.ts';

export class Gate {
  /** The line of a prompt that makes the call. Made again once the gate is open, it ends at once. */
  readonly step: string;
  readonly #reached: string;
  readonly #opened: string;

  constructor(place: Place, name = 'gate') {
    this.#reached = join(place.home, `${name}-reached`);
    this.#opened = join(place.home, `${name}-opened`);
    this.step = `!bash touch ${this.#reached}; until [ -e ${this.#opened} ]; do sleep 0.05; done; echo through`;
  }

  /** Resolves when the call runs. */
  async reached(): Promise<void> {
    await expect.poll(() => existsSync(this.#reached), { timeout: 90_000 }).toBe(true);
  }

  open(): void {
    writeFileSync(this.#opened, '');
  }
}
