/** What makes a repeated call harmless. */
import type { CallContext } from '../rpc/handler.ts';

const rememberedMs = 60 * 60_000;

/** Answers a call that the SDK repeats under the same idempotency key with the first call's outcome, without doing it twice. */
export class Idempotency {
  readonly #answers = new Map<string, Promise<object>>();

  async once(context: CallContext, act: () => Promise<object>): Promise<object> {
    const key = context.metadata.get('x-idempotency-key')[0];
    if (key === undefined) return act();
    const name = `${context.rpc} ${key.toString()}`;
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const answer = act();
    this.#answers.set(name, answer);
    // A failure was not carried out; the next attempt may succeed.
    answer.catch(() => this.#answers.delete(name));
    setTimeout(() => this.#answers.delete(name), rememberedMs).unref();
    return answer;
  }
}
