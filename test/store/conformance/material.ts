/** Made-up events, journals and checkpoints. */
import type { Checkpoint } from '../../../src/contracts/checkpoint.ts';
import type { EventBody, OwnEvent, SessionEvent } from '../../../src/contracts/events.ts';
import type { JournalBatch, JournalItem } from '../../../src/store/store.ts';

export const sampleTime = '2026-03-01T12:00:00.000Z';
const itemBytes = 10;

function warning(message: string): EventBody {
  return { type: 'warning', data: { message } };
}

export function ownEvent(eventId: string, extra: Partial<OwnEvent> = {}): OwnEvent {
  return { eventId, at: sampleTime, generation: 0, body: warning(eventId), ...extra };
}

/** Journal records number `from` to `to` (not included), each 10 bytes long and one event. */
export function journal(from: number, to: number, sessionId = 's'): JournalBatch {
  const items = Array.from({ length: to - from }, (_, index) => journalItem(from + index));
  return { sessionId, generation: 1, fromOffset: from * itemBytes, nextOffset: to * itemBytes, items };
}

export function journalItem(index: number, extra: Partial<JournalItem> = {}): JournalItem {
  const offset = index * itemBytes;
  return {
    offset,
    endOffset: offset + itemBytes,
    at: sampleTime,
    event: { body: warning(`record ${index}`) },
    ...extra,
  };
}

export function messagesOf(events: readonly SessionEvent[]): string[] {
  return events.map((event) => (event.type === 'warning' ? event.data.message : event.type));
}

export function seqsOf(events: readonly SessionEvent[]): number[] {
  return events.map((event) => event.seq);
}

export function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

export function checkpoint(checkpointId: string, extra: Partial<Checkpoint> = {}): Checkpoint {
  return {
    checkpointId,
    sessionId: 's',
    generation: 1,
    turnId: 't1',
    at: sampleTime,
    carried: [],
    transcript: null,
    snapshot: null,
    costUsd: 0,
    ...extra,
  };
}
