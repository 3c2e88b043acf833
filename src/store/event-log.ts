/** The event log: the only place where `seq` is given out (I5). */
import type { Kysely } from 'kysely';
import type { EventType, OwnEvent, SessionEvent } from '../contracts/events.ts';
import type { StoreDatabase } from './database.ts';
import type { Doorbell } from './doorbell.ts';
import { fromRow, insertEvents, lastSeqOf, storedEventColumns, withoutKnown } from './event-rows.ts';
import type { Tables } from './schema.ts';
import type { EventLog, FollowOptions } from './store.ts';

/** An event has at most a few hundred KiB, most have a few hundred bytes. */
const followPageEvents = 64;

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
      // Numbers up to the last one have all been given out, so a page that is not full has shown everything up to it.
      const upTo = await lastSeqOf(database.read, sessionId);
      const page =
        upTo > seen
          ? await readEvents(database.read, sessionId, {
              after: seen,
              upTo,
              limit: followPageEvents,
              types,
            })
          : [];
      for (const event of page) {
        if (signal?.aborted === true) return;
        yield event;
      }
      const full = page.length === followPageEvents;
      seen = full ? (page.at(-1)?.seq ?? upTo) : Math.max(seen, upTo);
      if (!full) await bell.next(rings, signal);
      if (signal?.aborted === true) return;
    }
  } finally {
    bell.stop();
  }
}
