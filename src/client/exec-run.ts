/** A command run in the session's sandbox, as its caller sees it. */
import { bounds } from '../contracts/index.ts';
import type { ExecAccepted, ExecOutcome, SessionEventOf } from '../contracts/index.ts';
import { LazyPromise } from './lazy-promise.ts';
import type { SessionCalls } from './session-calls.ts';
import type { SessionLog } from './session-log.ts';

export type ExecOutput = { stream: 'stdout' | 'stderr'; text: string };

export type ExecResult = {
  execId: string;
  /** Null unless the command exited by itself: a killed process has no exit code (I10). `outcome` says what happened. */
  exitCode: number | null;
  outcome: ExecOutcome;
  /** Both streams in the order they came, the newest 262,144 characters of them. Iterate for the whole. */
  output: string;
  /** Milliseconds; 0 when nobody could measure it (`outcome` is `lost` then). */
  durationMs: number;
};

const keptCharacters = bounds.toolOutputBytes;

const types = ['exec.output', 'exec.finished'] as const;
type ExecEvent = SessionEventOf<(typeof types)[number]>;

/**
 * Awaited it is the result, however the command ended: one that failed, was killed or was lost is a result, too. Iterated
 * it is the output as it comes, which ends with the command; each iteration begins with the first of it, and ending the
 * loop early leaves the command running. Both reject with what `accepted` rejects with, `SessionClosed` when the session
 * ended before the command, `StoreUnavailable`, and `HarvestClosed`. The same id and command again attach to the same run.
 */
export class ExecRun extends LazyPromise<ExecResult> implements AsyncIterable<ExecOutput> {
  readonly execId: string;
  /**
   * Resolves when the session recorded the command. Rejects with `InvalidRequest`, `RequestRejected`, `SessionClosed`,
   * `SessionNotFound`, `TemporalUnreachable`, `StoreUnavailable`, or `NoAnswer`: repeat it under the same id then.
   */
  readonly accepted: Promise<ExecAccepted>;
  readonly #events: () => AsyncGenerator<ExecEvent, void>;

  constructor(parts: {
    execId: string;
    accepted: Promise<ExecAccepted>;
    /** A `seq` before the command's first event. */
    from: Promise<number>;
    log: SessionLog;
    calls: SessionCalls;
  }) {
    const events = () => execEvents(parts);
    super(() => resultOf(parts.execId, events()));
    this.execId = parts.execId;
    this.accepted = parts.accepted;
    this.#events = events;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ExecOutput, void> {
    for await (const event of this.#events()) {
      if (event.type === 'exec.output') yield { stream: event.data.stream, text: event.data.text };
    }
  }
}

async function* execEvents(parts: {
  execId: string;
  accepted: Promise<ExecAccepted>;
  from: Promise<number>;
  log: SessionLog;
  calls: SessionCalls;
}): AsyncGenerator<ExecEvent, void> {
  await parts.accepted;
  for await (const event of parts.log.follow({ after: await parts.from, types })) {
    if (event.type !== 'exec.output' && event.type !== 'exec.finished') continue;
    if (event.data.execId !== parts.execId) continue;
    yield event;
    if (event.type === 'exec.finished') return;
  }
  throw await parts.calls.closedError();
}

async function resultOf(execId: string, events: AsyncIterable<ExecEvent>): Promise<ExecResult> {
  let output = '';
  for await (const { type, data } of events) {
    if (type === 'exec.output') {
      output += data.text;
      if (output.length > 2 * keptCharacters) output = output.slice(-keptCharacters);
    } else {
      const exitCode = data.outcome.status === 'exited' ? data.outcome.exitCode : null;
      return {
        execId,
        exitCode,
        outcome: data.outcome,
        output: output.slice(-keptCharacters),
        durationMs: data.durationMs,
      };
    }
  }
  throw new TypeError('the events of an exec end with exec.finished');
}
