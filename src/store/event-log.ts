/** The event log: the only place where `seq` is given out (I5). */
import { sql, type Kysely } from 'kysely';
import type { EventType, OwnEvent, SessionEvent } from '../contracts/events.ts';
import type { StoreDatabase } from './database.ts';
import type { Doorbell } from './doorbell.ts';
import { fromRow, insertEvents, lastSeqOf, storedEventColumns, withoutKnown } from './event-rows.ts';
import type { Tables } from './schema.ts';
import type { EventLog, FollowOptions } from './store.ts';

/** A follower holds one page, which is at least one event. Most have a few hundred bytes, some a few hundred KiB. */
const followPage = { events: 64, bytes: 1024 * 1024 } as const;

export function createEventLog(database: StoreDatabase, doorbell: Doorbell): EventLog {
  const follower = { database, doorbell };
  return {
    appendOwn: async (sessionId, events) => {
      const result = await database.write(async (db) => appendOwn(db, sessionId, events));
      if (result.appended > 0) doorbell.ring();
      return result;
    },
    lastSeq: async (sessionId) => lastSeqOf(database.read, sessionId),
    read: async (sessionId, { after, limit, types }) => {
      const range = { after, upTo: Number.MAX_SAFE_INTEGER, limit, types };
      return readEvents(database.read, sessionId, range);
    },
    readLast: async (sessionId, { limit, types }) => {
      let query = selectEvents(database.read, sessionId).orderBy('seq', 'desc').limit(limit);
      if (types !== undefined) query = query.where('type', 'in', types);
      return (await query.execute()).reverse().map(fromRow);
    },
    follow: (sessionId, options) => follow(follower, sessionId, options),
  };
}

async function appendOwn(
  db: Kysely<Tables>,
  sessionId: string,
  events: readonly OwnEvent[],
): Promise<{ lastSeq: number; appended: number }> {
  const fresh = await withoutKnown(db, sessionId, events);
  const rows = fresh.map((event) => ({ ...event, journalOffset: null }));
  return { lastSeq: await insertEvents(db, sessionId, rows), appended: fresh.length };
}

type Range = {
  after: number;
  upTo: number;
  limit: number;
  types: readonly EventType[] | undefined;
};

async function readEvents(db: Kysely<Tables>, sessionId: string, range: Range): Promise<SessionEvent[]> {
  let query = selectEvents(db, sessionId)
    .where('seq', '>', range.after)
    .where('seq', '<=', range.upTo)
    .orderBy('seq')
    .limit(range.limit);
  if (range.types !== undefined) query = query.where('type', 'in', range.types);
  return (await query.execute()).map(fromRow);
}

/** The events of a range that fit into one page, and whether these are all. */
async function readPage(
  db: Kysely<Tables>,
  sessionId: string,
  range: Omit<Range, 'limit'>,
): Promise<{ events: SessionEvent[]; isLast: boolean }> {
  const { after, upTo, types } = range;
  if (upTo <= after) return { events: [], isLast: true };
  // What follows an append is one event, mostly.
  const end = upTo === after + 1 ? { seq: upTo, isLast: true } : await endOfPage(db, sessionId, range);
  const page = { after, upTo: end.seq, limit: followPage.events, types };
  return { events: await readEvents(db, sessionId, page), isLast: end.isLast };
}

/** Asks for the sizes alone: they are known without reading what is large. */
async function endOfPage(
  db: Kysely<Tables>,
  sessionId: string,
  { after, upTo, types }: Omit<Range, 'limit'>,
): Promise<{ seq: number; isLast: boolean }> {
  let query = db
    .selectFrom('events')
    .select(['seq', sql<number>`octet_length(data_json)`.as('bytes')])
    .where('session_id', '=', sessionId)
    .where('seq', '>', after)
    .where('seq', '<=', upTo)
    .orderBy('seq')
    .limit(followPage.events + 1);
  if (types !== undefined) query = query.where('type', 'in', types);
  let end = after;
  let room: number = followPage.bytes;
  for (const [index, { seq, bytes }] of (await query.execute()).entries()) {
    room -= bytes;
    if (index === followPage.events || (index > 0 && room < 0)) return { seq: end, isLast: false };
    end = seq;
  }
  return { seq: upTo, isLast: true };
}

function selectEvents(db: Kysely<Tables>, sessionId: string) {
  return db.selectFrom('events').select(storedEventColumns).where('session_id', '=', sessionId);
}

async function* follow(
  { database, doorbell }: { database: StoreDatabase; doorbell: Doorbell },
  sessionId: string,
  { after, signal, types }: FollowOptions,
): AsyncGenerator<SessionEvent, void, undefined> {
  const bell = doorbell.listen();
  try {
    let seen = after;
    for (;;) {
      const rings = bell.rings();
      // Numbers up to the last one have all been given out, so the last page has shown everything up to it.
      const upTo = await lastSeqOf(database.read, sessionId);
      const page = await readPage(database.read, sessionId, { after: seen, upTo, types });
      for (const event of page.events) {
        if (signal?.aborted === true) return;
        yield event;
      }
      seen = page.isLast ? Math.max(seen, upTo) : (page.events.at(-1)?.seq ?? upTo);
      if (page.isLast) await bell.next(rings, signal);
      if (signal?.aborted === true) return;
    }
  } finally {
    bell.stop();
  }
}
