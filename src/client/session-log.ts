/**
 * One session's event log as the client follows it. Owns noticing the end: the log's last event is `session.closed`,
 * and when a session ended without one (its workflow was ended by force), silence makes the follower ask Temporal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventType, SessionEvent, SessionEventOf } from '../contracts/index.ts';
import type { EventReader } from '../store/store.ts';
import { HarvestClosed, SessionNotFound } from './errors.ts';
import { isEndOfPrompt, isOfPrompt, promptEdgeTypes } from './prompt-events.ts';
import type { PromptEndEvent } from './prompt-events.ts';
import { storeAnswer } from './store-answer.ts';

type FollowOptions = {
  /** Events after this `seq`; 0: from the beginning. */
  after: number;
  /** Only events of these types. */
  types?: readonly EventType[];
  signal?: AbortSignal;
};

const pageSize = 1_000;
const firstSilenceMs = 1_000;
const longestSilenceMs = 10_000;

export class SessionLog {
  readonly sessionId: string;
  readonly #reader: EventReader;
  readonly #isOpen: () => Promise<boolean>;
  readonly #closing: AbortSignal;

  constructor(parts: {
    sessionId: string;
    reader: EventReader;
    /** Asks Temporal whether the session takes messages; throws when Temporal does not say. */
    isOpen: () => Promise<boolean>;
    /** Aborted when the `Harvest` is closed. */
    closing: AbortSignal;
  }) {
    this.sessionId = parts.sessionId;
    this.#reader = parts.reader;
    this.#isOpen = parts.isOpen;
    this.#closing = parts.closing;
  }

  async lastSeq(): Promise<number> {
    return storeAnswer(this.#reader.lastSeq(this.sessionId));
  }

  /** What is there now after `seq` `after`, without waiting. */
  async *eventsNow(after: number, types?: readonly EventType[]): AsyncGenerator<SessionEvent, void> {
    let seq = after;
    for (;;) {
      const range = { after: seq, limit: pageSize, ...(types === undefined ? {} : { types }) };
      const page = await storeAnswer(this.#reader.read(this.sessionId, range));
      yield* page;
      seq = page.at(-1)?.seq ?? seq;
      if (page.length < pageSize) return;
    }
  }

  /** Where a prompt begins after `from`, and its end if it is there; null when the prompt is not. */
  async prompt(
    promptId: string,
    from: number,
  ): Promise<{ firstSeq: number; end: PromptEndEvent | null } | null> {
    let firstSeq: number | null = null;
    for await (const event of this.eventsNow(from, promptEdgeTypes)) {
      if (!isOfPrompt(event, promptId)) continue;
      firstSeq ??= event.seq;
      if (isEndOfPrompt(event, promptId)) return { firstSeq, end: event };
    }
    return firstSeq === null ? null : { firstSeq, end: null };
  }

  /** Why the session closed; null when the log does not say that it did. */
  async closed(): Promise<SessionEventOf<'session.closed'>['data'] | null> {
    const types = ['session.closed'] as const;
    const [event] = await storeAnswer(this.#reader.readLast(this.sessionId, { limit: 1, types }));
    return event?.type === 'session.closed' ? event.data : null;
  }

  /**
   * Every event after `after`, as it comes. Ends with the session, or when `signal` is aborted. Throws `HarvestClosed`,
   * `StoreUnavailable`, and `SessionNotFound` for a session that neither the log nor Temporal knows.
   */
  async *follow({ after, types, signal }: FollowOptions): AsyncGenerator<SessionEvent, void> {
    const done = new AbortController();
    const stop = AbortSignal.any([done.signal, this.#closing, ...(signal === undefined ? [] : [signal])]);
    const filter = types === undefined ? {} : { types: [...types, 'session.closed' as const] };
    const followed = this.#reader.follow(this.sessionId, { after, signal: stop, ...filter });
    const events = followed[Symbol.asyncIterator]();
    let seq = after;
    try {
      for (;;) {
        const event = await this.#nextUnlessOver(events, stop);
        if (event === null) break;
        seq = event.seq;
        yield event;
        if (event.type === 'session.closed') return;
      }
      // The session may have written its last events just before Temporal said that it is over.
      if (!stop.aborted) yield* this.eventsNow(seq, types);
    } finally {
      done.abort();
    }
    if (this.#closing.aborted) throw new HarvestClosed();
  }

  /** The next event; null when there will be none, because of `stop` or because the session is over. */
  async #nextUnlessOver(
    events: AsyncIterator<SessionEvent>,
    stop: AbortSignal,
  ): Promise<SessionEvent | null> {
    const next = storeAnswer(events.next());
    next.catch(() => undefined);
    for (let silenceMs = firstSilenceMs; ; silenceMs = Math.min(silenceMs * 2, longestSilenceMs)) {
      const silence = new AbortController();
      const waited = sleep(silenceMs, 'silent' as const, { signal: silence.signal }).catch(
        () => 'silent' as const,
      );
      const step = await Promise.race([next, waited]);
      silence.abort();
      if (step !== 'silent') return step.done === true ? null : step.value;
      if (!stop.aborted && (await this.#isOver())) return null;
    }
  }

  async #isOver(): Promise<boolean> {
    try {
      return !(await this.#isOpen());
    } catch (error) {
      // What Temporal does not say now it says at the next silence; that there is no such session it says for good.
      if (error instanceof SessionNotFound && (await this.lastSeq()) === 0) throw error;
      return error instanceof SessionNotFound;
    }
  }
}
