/** Events as rows of the event log. */
import { sql, type Kysely } from 'kysely';
import type { EventBody, SessionEvent } from '../contracts/events.ts';
import type { EventsTable, Tables } from './schema.ts';

/** An event before the store gave it its `seq`, with what keeps a repeat from adding it again (I5). */
type NewEvent = {
  at: string;
  generation: number;
  turnId?: string | undefined;
  body: EventBody;
} & ({ eventId: string; journalOffset: null } | { eventId: string | null; journalOffset: number });

/** SQLite allows 32,766 parameters in one statement. */
const rowsPerInsert = 500;

export async function lastSeqOf(db: Kysely<Tables>, sessionId: string): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select(sql<number | null>`max(seq)`.as('seq'))
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** Leaves out events whose `eventId` is stored already, or comes twice. */
export async function withoutKnown<T extends { eventId: string | null }>(
  db: Kysely<Tables>,
  sessionId: string,
  events: readonly T[],
): Promise<T[]> {
  const ids = events.flatMap(({ eventId }) => (eventId === null ? [] : [eventId]));
  if (ids.length === 0) return [...events];
  const stored = await db
    .selectFrom('events')
    .select('event_id')
    .where('session_id', '=', sessionId)
    .where('event_id', 'in', ids)
    .execute();
  const known = new Set(stored.map((row) => row.event_id));
  return events.filter(({ eventId }) => {
    if (eventId === null) return true;
    const isNew = !known.has(eventId);
    known.add(eventId);
    return isNew;
  });
}

/** Within a write transaction: gives the events the next numbers, without gaps (I5). Returns the last number. */
export async function insertEvents(
  db: Kysely<Tables>,
  sessionId: string,
  events: readonly NewEvent[],
): Promise<number> {
  const last = await lastSeqOf(db, sessionId);
  const rows = events.map((event, index) => toRow(sessionId, last + 1 + index, event));
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await db
      .insertInto('events')
      .values(rows.slice(from, from + rowsPerInsert))
      .execute();
  }
  return last + rows.length;
}

function toRow(sessionId: string, seq: number, event: NewEvent): EventsTable {
  return {
    session_id: sessionId,
    seq,
    generation: event.generation,
    at: event.at,
    turn_id: event.turnId ?? null,
    type: event.body.type,
    data_json: JSON.stringify(event.body.data),
    event_id: event.eventId,
    journal_offset: event.journalOffset,
  };
}

export type StoredEvent = Omit<EventsTable, 'event_id' | 'journal_offset'>;
export const storedEventColumns = [
  'session_id',
  'seq',
  'generation',
  'at',
  'turn_id',
  'type',
  'data_json',
] as const satisfies (keyof StoredEvent)[];

export function fromRow(row: StoredEvent): SessionEvent {
  const event = {
    seq: row.seq,
    sessionId: row.session_id,
    generation: row.generation,
    at: row.at,
    ...(row.turn_id === null ? {} : { turnId: row.turn_id }),
    type: row.type,
    data: JSON.parse(row.data_json) as unknown,
  };
  // Written from a checked event; readers must bear types that a newer writer knows, so it is not checked again.
  return event as SessionEvent;
}
