/** The idle timeout of a sandbox. */
import { startTimer } from './timer.ts';

/**
 * When a sandbox counts as idle: no exec runs and nothing was written to a stdin for the given time. Its entrypoint and background
 * processes do not count, as on Modal.
 */
export class Activity {
  readonly #idleTimeoutSeconds: number | undefined;
  readonly #onIdle: () => void;
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(idleTimeoutSeconds: number | undefined, onIdle: () => void) {
    this.#idleTimeoutSeconds = idleTimeoutSeconds;
    this.#onIdle = onIdle;
    this.#arm();
  }

  began(): void {
    this.#running += 1;
    clearTimeout(this.#timer);
  }

  ended(): void {
    this.#running -= 1;
    this.#arm();
  }

  touch(): void {
    this.#arm();
  }

  stop(): void {
    this.#running = Infinity;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#idleTimeoutSeconds === undefined || this.#running > 0) return;
    this.#timer = startTimer(this.#idleTimeoutSeconds, this.#onIdle);
  }
}
