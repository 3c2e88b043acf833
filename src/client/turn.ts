/** A turn as its caller sees it: followed live, rejoined later from any process, or only asked for its result. */
import type { PromptAccepted, SessionEvent } from '../contracts/index.ts';
import { NoAnswer, SessionClosed, TemporalUnreachable } from './errors.ts';
import { isEndOfPrompt, isOfPrompt, promptEndTypes } from './prompt-events.ts';
import type { SessionCalls } from './session-calls.ts';
import type { SessionLog } from './session-log.ts';
import { resultOf } from './turn-result.ts';
import type { TurnResult } from './turn-result.ts';
import { textOf } from './turn-text.ts';

export class Turn implements AsyncIterable<SessionEvent> {
  readonly turnId: string;
  /**
   * Resolves when the session recorded the prompt. Rejects with `InvalidRequest`, `PromptRejected`, `SessionClosed`,
   * `SessionNotFound`, `TemporalUnreachable`, `StoreUnavailable`, or `NoAnswer`: repeat it under the same id then.
   */
  readonly accepted: Promise<PromptAccepted>;
  readonly #from: Promise<number>;
  readonly #after: number;
  readonly #log: SessionLog;
  readonly #calls: SessionCalls;
  #result: Promise<TurnResult> | undefined;

  constructor(parts: {
    turnId: string;
    accepted: Promise<PromptAccepted>;
    /** A `seq` before the turn's first event. */
    from: Promise<number>;
    /** The last `seq` the caller has seen. */
    after: number;
    log: SessionLog;
    calls: SessionCalls;
  }) {
    this.turnId = parts.turnId;
    this.accepted = parts.accepted;
    this.#from = parts.from;
    this.#after = parts.after;
    this.#log = parts.log;
    this.#calls = parts.calls;
  }

  /**
   * The turn's events as they come, from `prompt.queued` (or after the `seq` it was asked for) to the turn's end, or to
   * `prompt.cancelled`. Of a prompt that steers another turn they are `turn.steering` and `turn.steered`, and no other event
   * of that turn; when it came too late, those of its own turn follow. Ending the loop early leaves the turn running. Throws
   * what `accepted` rejects with, `SessionClosed` when the session ended without ending the prompt, and `HarvestClosed`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<SessionEvent, void> {
    await this.#ensureTaken();
    const from = await this.#from;
    const known = await this.#log.prompt(this.turnId, from);
    const after = Math.max(known === null ? from : known.firstSeq - 1, this.#after);
    // Rejoined after its end: the caller has seen all of it.
    if (known !== null && known.end !== null && known.end.seq <= after) return;
    for await (const event of this.#log.follow({ after })) {
      if (!isOfPrompt(event, this.turnId)) continue;
      yield event;
      if (isEndOfPrompt(event, this.turnId)) return;
    }
    throw await this.#calls.closedError();
  }

  /**
   * Resolves when the turn ended, however it ended; a failed turn is a result, and so is a prompt that was cancelled, or
   * that steered another turn (as soon as the agent has it). Rejects as the iteration does.
   */
  async result(): Promise<TurnResult> {
    this.#result ??= this.#awaitResult();
    return this.#result;
  }

  /**
   * Only the agent's text, as it comes; none of a prompt that was cancelled, or that steered another turn. Throws
   * `TurnFailed` at the end of a turn that failed.
   */
  text(): AsyncIterable<string> {
    return textOf(this);
  }

  async #awaitResult(): Promise<TurnResult> {
    await this.#ensureTaken();
    for await (const event of this.#log.follow({ after: await this.#from, types: promptEndTypes })) {
      if (isEndOfPrompt(event, this.turnId)) return resultOf(event);
    }
    throw await this.#calls.closedError();
  }

  /** A prompt that could not be sent (again) may be in the log all the same: then its turn can be followed. */
  async #ensureTaken(): Promise<void> {
    try {
      await this.accepted;
    } catch (error) {
      const unknown =
        error instanceof NoAnswer || error instanceof TemporalUnreachable || error instanceof SessionClosed;
      if (!unknown || (await this.#log.prompt(this.turnId, await this.#from)) === null) throw error;
    }
  }
}
