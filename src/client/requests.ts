/**
 * Requests whose outcome comes later: each is sent at the call, `accepted` resolves when the session recorded it, and
 * awaiting it waits for the outcome in the event log or, where no event says it, in the session's state.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { turnEndTypes } from '../contracts/index.ts';
import type { EventType, SessionEvent, SessionState } from '../contracts/index.ts';
import {
  cancelPromptUpdate,
  checkpointUpdate,
  interruptUpdate,
  pauseUpdate,
  resumeUpdate,
  terminateUpdate,
} from '../contracts/session-messages.ts';
import { RequestFailed, SessionClosed } from './errors.ts';
import { LazyPromise, mayBeIgnored } from './lazy-promise.ts';
import type { SessionCalls } from './session-calls.ts';
import type { SessionLog } from './session-log.ts';
import { isEndOfPrompt } from './prompt-events.ts';
import { resultOf } from './turn-result.ts';
import type { TurnResult } from './turn-result.ts';

export type Parts = { calls: SessionCalls; log: SessionLog };

/** Between two looks at the state of a session that is being resumed. */
const firstPauseMs = 20;
const longestPauseMs = 250;

/**
 * Awaited it is the outcome. Nobody needs to await it: the request was sent at the call, and repeated under one id while
 * its outcome was unknown. Rejects with what `accepted` rejects with, `SessionClosed` when the session ends before the
 * outcome, `StoreUnavailable`, `HarvestClosed`, and what the method that returned it says. A caller may repeat the
 * method itself whenever it wants: see there what a second request does.
 */
export class Requested<Outcome> extends LazyPromise<Outcome> {
  /**
   * Resolves when the session recorded the request; the outcome is still to come. Rejects with `InvalidRequest`,
   * `RequestRejected`, `SessionClosed`, `SessionNotFound`, `TemporalUnreachable`, `StoreUnavailable`, or `NoAnswer`: the
   * request may still be done, and a repeat of the method is harmless.
   */
  readonly accepted: Promise<void>;

  constructor(accepted: Promise<unknown>, outcome: () => Promise<Outcome>) {
    super(async () => {
      await accepted;
      return outcome();
    });
    this.accepted = mayBeIgnored(accepted.then(() => undefined));
  }
}

/** A restore that fails leaves the session paused, too: that ends a pause that came meanwhile. */
export function pause({ calls, log }: Parts, interrupt: boolean): Requested<{ checkpointId: string | null }> {
  const before = mayBeIgnored(log.lastSeq());
  const accepted = before.then(async () => calls.update(pauseUpdate, { payload: [{ interrupt }] }));
  return new Requested(accepted, async () => {
    const { status, checkpointId } = await calls.state();
    if (status === 'paused') return { checkpointId };
    const types = ['session.paused', 'session.restore-failed'] as const;
    return firstIn({ calls, log, after: await before }, types, (event) => {
      if (event.type === 'session.paused') return { checkpointId: event.data.checkpointId };
      // A restore that failed made no checkpoint.
      return event.type === 'session.restore-failed' ? { checkpointId } : null;
    });
  });
}

export function resume({ calls, log }: Parts): Requested<SessionState> {
  const before = mayBeIgnored(log.lastSeq());
  const accepted = before.then(async () => calls.update(resumeUpdate, { payload: [] }));
  return new Requested(accepted, async () => live({ calls, log, after: await before }));
}

/**
 * The state of a session that was asked into a sandbox after `after`, once it is there. By its state: which of the events
 * since then is the outcome depends on what others asked for meanwhile.
 */
export async function live({ calls, log, after }: Parts & { after: number }): Promise<SessionState> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const state = await calls.state();
    const { status } = state;
    if (status === 'idle' || status === 'running') return state;
    if (status === 'closed') throw await calls.closedError();
    if (status === 'paused' && (await staysPaused({ calls, log, after }))) return state;
    await sleep(pauseMs);
  }
}

/** Whether the log says why. Throws `RequestFailed` when a restore failed; false while the reason is on its way into the log. */
async function staysPaused({ calls, log, after }: Parts & { after: number }): Promise<boolean> {
  let newest: SessionEvent | null = null;
  const types = ['session.resuming', 'session.paused', 'session.restore-failed'] as const;
  for await (const event of log.eventsNow(after, types)) newest = event;
  if (newest?.type === 'session.restore-failed')
    throw new RequestFailed(calls.sessionId, newest.data.message);
  return newest?.type === 'session.paused';
}

/** A paused session has nothing newer than the checkpoint it has: that one is the outcome, also when a restore fails. */
export function checkpoint({ calls, log }: Parts): Requested<{ checkpointId: string | null }> {
  const before = mayBeIgnored(log.lastSeq());
  const sent = before.then(async (): Promise<SessionState> => {
    const state = await calls.state();
    if (state.status !== 'paused') await calls.update(checkpointUpdate, { payload: [] });
    return state;
  });
  return new Requested(sent, async () => {
    const { status, checkpointId: known } = await sent;
    if (status === 'paused') return { checkpointId: known };
    const types = [
      'checkpoint.created',
      'session.paused',
      'session.restore-failed',
      'snapshot.failed',
    ] as const;
    return firstIn({ calls, log, after: await before }, types, (event) => {
      if (event.type === 'session.paused') return { checkpointId: event.data.checkpointId };
      if (event.type === 'session.restore-failed') return { checkpointId: known };
      if (event.type === 'checkpoint.created') {
        const { checkpointId, snapshotImageId } = event.data;
        return snapshotImageId === null ? null : { checkpointId };
      }
      if (event.type === 'snapshot.failed') throw new RequestFailed(calls.sessionId, event.data.message);
      return null;
    });
  });
}

/** The outcome is the interrupted turn's result, or null when there was nothing to interrupt. */
export function interrupt({ calls, log }: Parts, turnId: string | undefined): Requested<TurnResult | null> {
  const answer = calls.update(interruptUpdate, { payload: [turnId === undefined ? {} : { turnId }] });
  return new Requested(answer, async () => {
    const interrupted = (await answer).turnId;
    if (interrupted === null) return null;
    // Its end may have been in the log before the session heard of it.
    return firstIn({ calls, log, after: 0 }, turnEndTypes, (event) =>
      isEndOfPrompt(event, interrupted) ? resultOf(event) : null,
    );
  });
}

export function cancel({ calls, log }: Parts, turnId: string): Requested<void> {
  const accepted = calls.update(cancelPromptUpdate, { payload: [{ id: turnId }] });
  return new Requested(accepted, async () => {
    // It may have been cancelled before.
    await firstIn({ calls, log, after: 0 }, ['prompt.cancelled'], (event) =>
      event.turnId === turnId ? event : null,
    );
  });
}

/** A session that is closed already is terminated, unless its checkpoints were to be deleted: nobody does that now. */
export function terminate({ calls, log }: Parts, discard: boolean): Requested<void> {
  const accepted = calls.update(terminateUpdate, { payload: [{ discard }] }).catch((error: unknown) => {
    if (!(error instanceof SessionClosed) || discard) throw error;
  });
  return new Requested(accepted, async () => {
    // The log's end is the outcome, whatever it says.
    for await (const event of log.follow({ after: 0, types: ['session.closed'] })) void event;
  });
}

/** What `pick` takes of the first event it takes. Throws `SessionClosed` when the session ends before. */
export async function firstIn<T>(
  { calls, log, after }: Parts & { after: number },
  types: readonly EventType[],
  pick: (event: SessionEvent) => T | null,
): Promise<T> {
  for await (const event of log.follow({ after, types })) {
    const picked = pick(event);
    if (picked !== null) return picked;
  }
  throw await calls.closedError();
}
