/** Appending a generation's journal: events, transcript entries and the cursor in one transaction (I5). */
import type { Kysely } from 'kysely';
import type { StoreDatabase } from './database.ts';
import type { Doorbell } from './doorbell.ts';
import { JournalGap, JournalMismatch } from './errors.ts';
import { insertEvents, withoutKnown } from './event-rows.ts';
import type { Tables } from './schema.ts';
import type { Journal, JournalBatch, JournalItem } from './store.ts';
import { insertEntries } from './transcripts.ts';

export function createJournal(database: StoreDatabase, doorbell: Doorbell): Journal {
  return {
    append: async (batch) => {
      const result = await database.write(async (db) => append(db, batch));
      if (result.appended > 0) doorbell.ring();
      return result;
    },
    cursor: async (sessionId, generation) => cursorOf(database.read, { sessionId, generation }),
  };
}

async function append(
  db: Kysely<Tables>,
  batch: JournalBatch,
): Promise<{ cursor: number; lastSeq: number; appended: number }> {
  const stored = await cursorOf(db, batch);
  if (batch.fromOffset > stored) throw new JournalGap(batch.fromOffset, stored);
  const fresh = itemsFrom(stored, batch);
  const { sessionId, generation } = batch;
  const candidates = fresh.flatMap(({ offset, at, event }) =>
    event === null ? [] : [{ eventId: null, ...event, at, generation, journalOffset: offset }],
  );
  const events = await withoutKnown(db, sessionId, candidates);
  const lastSeq = await insertEvents(db, sessionId, events);
  for (const { transcript } of fresh) {
    if (transcript !== undefined) await insertEntries(db, sessionId, transcript);
  }
  const cursor = Math.max(stored, batch.nextOffset);
  if (cursor > stored) await setCursor(db, { sessionId, generation, cursor });
  return { cursor, lastSeq, appended: events.length };
}

/** The items that are not stored yet; they must be in order, within the batch, and begin where records begin. */
function itemsFrom(stored: number, { fromOffset, nextOffset, items }: JournalBatch): JournalItem[] {
  let end = fromOffset;
  for (const item of items) {
    const inOrder = item.offset >= end && item.endOffset > item.offset && item.endOffset <= nextOffset;
    const crosses = item.offset < stored && item.endOffset > stored;
    if (!inOrder || crosses) {
      throw new JournalMismatch(
        `A journal record from ${item.offset} to ${item.endOffset} does not fit: ` +
          `the batch is ${fromOffset} to ${nextOffset}, stored is up to ${stored}.`,
      );
    }
    end = item.endOffset;
  }
  return items.filter((item) => item.offset >= stored);
}

async function cursorOf(
  db: Kysely<Tables>,
  { sessionId, generation }: { sessionId: string; generation: number },
): Promise<number> {
  const row = await db
    .selectFrom('journal_cursors')
    .select('next_offset')
    .where('session_id', '=', sessionId)
    .where('generation', '=', generation)
    .executeTakeFirst();
  return row?.next_offset ?? 0;
}

async function setCursor(
  db: Kysely<Tables>,
  { sessionId, generation, cursor }: { sessionId: string; generation: number; cursor: number },
): Promise<void> {
  await db
    .insertInto('journal_cursors')
    .values({ session_id: sessionId, generation, next_offset: cursor })
    .onConflict((conflict) =>
      conflict.columns(['session_id', 'generation']).doUpdateSet({ next_offset: cursor }),
    )
    .execute();
}
