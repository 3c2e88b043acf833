/** A turn as its caller sees it: followed live, rejoined later from any process, or only asked for its result. */
import { isTurnEnd, turnEndTypes } from '../contracts/index.ts';
import type { PromptAccepted, SessionEvent, TurnEndEvent, TurnFailure, Usage } from '../contracts/index.ts';
import { NoAnswer, SessionClosed, TemporalUnreachable } from './errors.ts';
import type { SessionCalls } from './session-calls.ts';
import type { SessionLog } from './session-log.ts';
import { textOf } from './turn-text.ts';

export type TurnResult = {
  turnId: string;
  /** The agent's last answer; what it had said so far when it was interrupted or failed. */
  text: string;
  /** US dollars of this turn alone. */
  costUsd: number;
  usage: Usage;
  durationMs: number;
} & ({ status: 'completed' | 'interrupted' } | { status: 'failed'; failure: TurnFailure });

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
   * The turn's events as they come, from `prompt.queued` (or after the `seq` it was asked for) to the turn's end. Ending
   * the loop early leaves the turn running. Throws what `accepted` rejects with, `SessionClosed` when the session ended
   * without ending the turn, and `HarvestClosed`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<SessionEvent, void> {
    await this.#ensureTaken();
    const from = await this.#from;
    const known = await this.#log.turn(this.turnId, from);
    const after = Math.max(known === null ? from : known.firstSeq - 1, this.#after);
    // Rejoined after its end: the caller has seen all of it.
    if (known !== null && known.end !== null && known.end.seq <= after) return;
    for await (const event of this.#log.follow({ after })) {
      if (event.turnId !== this.turnId) continue;
      yield event;
      if (isTurnEnd(event)) return;
    }
    throw await this.#calls.closedError();
  }

  /** Resolves when the turn ended, however it ended; a failed turn is a result. Rejects as the iteration does. */
  async result(): Promise<TurnResult> {
    this.#result ??= this.#awaitResult();
    return this.#result;
  }

  /** Only the agent's text, as it comes. Throws `TurnFailed` at the end of a turn that failed. */
  text(): AsyncIterable<string> {
    return textOf(this);
  }

  async #awaitResult(): Promise<TurnResult> {
    await this.#ensureTaken();
    for await (const event of this.#log.follow({ after: await this.#from, types: turnEndTypes })) {
      if (event.turnId === this.turnId && isTurnEnd(event)) return resultOf(event);
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
      if (!unknown || (await this.#log.turn(this.turnId, await this.#from)) === null) throw error;
    }
  }
}

export function resultOf({ turnId = '', ...end }: TurnEndEvent): TurnResult {
  const { answer: text, costUsd, usage, durationMs } = end.data;
  const totals = { turnId, text, costUsd, usage, durationMs };
  switch (end.type) {
    case 'turn.completed':
      return { ...totals, status: 'completed' };
    case 'turn.interrupted':
      return { ...totals, status: 'interrupted' };
    case 'turn.failed':
      return { ...totals, status: 'failed', failure: end.data.failure };
  }
}
