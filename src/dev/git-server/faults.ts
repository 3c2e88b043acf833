/** The faults of the git server. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What the git server shall do wrong; tests switch it on and off while it runs. */
export class Faults {
  /** Before every answer. */
  delayMs = 0;
  #failures: { times: number; status: number } = { times: 0, status: 500 };
  #cuts: { times: number; afterBytes: number } = { times: 0, afterBytes: 0 };

  /** The next `times` authenticated requests are answered with `status`. */
  failNext(times: number, status = 500): void {
    this.#failures = { times, status };
  }

  /** The connections of the next `times` authenticated requests are cut behind so many bytes of the answer's body. */
  cutNext(times: number, afterBytes = 0): void {
    this.#cuts = { times, afterBytes };
  }

  async delay(): Promise<void> {
    if (this.delayMs > 0) await sleep(this.delayMs);
  }

  /** The status to fail with, counted. */
  takeFailure(): number | undefined {
    if (this.#failures.times === 0) return undefined;
    this.#failures.times -= 1;
    return this.#failures.status;
  }

  /** The number of bytes to cut behind, counted. */
  takeCut(): number | undefined {
    if (this.#cuts.times === 0) return undefined;
    this.#cuts.times -= 1;
    return this.#cuts.afterBytes;
  }
}
