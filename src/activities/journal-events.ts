/** What a record of the journal adds to the event log: pure. */
import { execEndEventId, turnEndEventId } from '../contracts/ids.ts';
import type { EventBody } from '../contracts/events.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';

/** `eventId` is set where only one source may ever write the event: the end of a prompt or exec. */
export type JournalEvent = { body: EventBody; turnId?: string; eventId?: string };

export function eventOf(record: JournalRecord): JournalEvent | null {
  switch (record.kind) {
    case 'event':
      return { body: record.event, ...(record.turnId === undefined ? {} : { turnId: record.turnId }) };
    case 'turn.started':
      // A continuation was announced by the workflow: it decided it (I2).
      return record.continuation === 0
        ? { body: { type: 'turn.started', data: {} }, turnId: record.turnId }
        : null;
    case 'turn.ended':
      return { body: turnEnd(record), turnId: record.turnId, eventId: turnEndEventId(record.turnId) };
    // The end of the prompt that steered: it has no other.
    case 'turn.steered':
      return {
        body: { type: 'turn.steered', data: { promptId: record.promptId } },
        turnId: record.turnId,
        eventId: turnEndEventId(record.promptId),
      };
    case 'exec.ended':
      return {
        body: {
          type: 'exec.finished',
          data: { execId: record.execId, outcome: record.outcome, durationMs: record.durationMs },
        },
        eventId: execEndEventId(record.execId),
      };
    case 'transcript':
    case 'start.finished':
    case 'start.failed':
    case 'turn.accepted':
    case 'turn.lost':
    // The workflow announces how it goes on.
    case 'turn.suspended':
    case 'exec.accepted':
      return null;
  }
}

function turnEnd(record: Extract<JournalRecord, { kind: 'turn.ended' }>): EventBody {
  const data = { ...record.totals, answer: record.answer };
  const { outcome } = record;
  switch (outcome.status) {
    case 'completed':
      return { type: 'turn.completed', data };
    case 'interrupted':
      return { type: 'turn.interrupted', data };
    case 'failed':
      return { type: 'turn.failed', data: { ...data, failure: outcome.failure } };
  }
}
