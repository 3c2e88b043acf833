/** What the scripted model does wrong whatever it is asked: for faults that do not stand in a prompt's script. */
import type { ApiError } from './api-error.ts';
import { CutConnection, scriptedFailure } from './answer.ts';
import type { StreamEvent } from './answer.ts';
import type { FailureStatus } from './steps.ts';

export class Faults {
  #failures: { times: number; status: FailureStatus } = { times: 0, status: 500 };
  #cuts = 0;

  /** The next `times` requests for a message are answered with `status`. */
  failNext(times: number, status: FailureStatus): void {
    this.#failures = { times, status };
  }

  /** The connections of the next `times` answers are cut behind their first event. */
  cutNext(times: number): void {
    this.#cuts = times;
  }

  clear(): void {
    this.failNext(0, 500);
    this.cutNext(0);
  }

  /** The failure that is due, counted. */
  takeFailure(): ApiError | undefined {
    if (this.#failures.times === 0) return undefined;
    this.#failures.times -= 1;
    return scriptedFailure(this.#failures.status, 1);
  }

  /** The events, up to a cut that is due. */
  async *cut(events: AsyncGenerator<StreamEvent>): AsyncGenerator<StreamEvent> {
    const isDue = this.#cuts > 0;
    if (isDue) this.#cuts -= 1;
    for await (const event of events) {
      yield event;
      if (isDue) throw new CutConnection();
    }
  }
}
