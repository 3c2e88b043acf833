/**
 * Who has a session id. Temporal forgets a closed session after its retention and takes the id again; the store keeps what
 * belongs to it, and nothing of it may become another session's (I5, I7).
 */
import type { Kysely } from 'kysely';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './schema.ts';
import type { SessionIdReader, SessionIds } from './store.ts';

export function createSessionIds(database: StoreDatabase): SessionIds & SessionIdReader {
  return {
    claim: async (sessionId, runId) => database.write(async (db) => claim(db, sessionId, runId)),
    isUsed: async (sessionId) =>
      (await holderOf(database.read, sessionId)) !== null || hasTraces(database.read, sessionId),
  };
}

async function claim(db: Kysely<Tables>, sessionId: string, runId: string): Promise<boolean> {
  const holder = await holderOf(db, sessionId);
  if (holder !== null) return holder === runId;
  if (await hasTraces(db, sessionId)) return false;
  const claimed = { session_id: sessionId, run_id: runId, claimed_at: new Date().toISOString() };
  await db.insertInto('session_ids').values(claimed).execute();
  return true;
}

async function holderOf(db: Kysely<Tables>, sessionId: string): Promise<string | null> {
  const row = await db
    .selectFrom('session_ids')
    .select('run_id')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row?.run_id ?? null;
}

/** Of a session from before ids were claimed: more than the first events of one that is just being started. */
async function hasTraces(db: Kysely<Tables>, sessionId: string): Promise<boolean> {
  const event = await db
    .selectFrom('events')
    .select('seq')
    .where('session_id', '=', sessionId)
    .where((where) => where.or([where('generation', '>', 0), where('type', '=', 'session.closed')]))
    .limit(1)
    .executeTakeFirst();
  if (event !== undefined) return true;
  const sandbox = await db
    .selectFrom('sandboxes')
    .select('name')
    .where('session_id', '=', sessionId)
    .limit(1)
    .executeTakeFirst();
  return sandbox !== undefined;
}
