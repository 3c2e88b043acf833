/** How failures that are to happen only so often are counted. */
import { createHash } from 'node:crypto';

/**
 * The only memory that the model has across requests: how often a counted failure (`fail`, `hang`, `cut`) has already happened. The key is
 * the session that the CLI names, the prompt's text and the step, so two sessions fail independently, a turn that is continued or
 * restarted does not fail anew, and the same prompt sent twice in one session fails only once: give the second another text.
 */
export class FailureCounts {
  readonly #counts = new Map<string, number>();
  readonly #limit = 10_000;

  /** True when the failure is still due; counts it. */
  take(failure: { session: string; promptText: string; step: number }, times: number): boolean {
    const key = createHash('sha256').update(JSON.stringify(failure)).digest('base64');
    const count = this.#counts.get(key) ?? 0;
    if (count >= times) return false;
    this.#counts.set(key, count + 1);
    this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    if (this.#counts.size <= this.#limit) return;
    const oldest = this.#counts.keys().next();
    if (oldest.done !== true) this.#counts.delete(oldest.value);
  }
}
