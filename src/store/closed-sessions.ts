/** Closed sessions, each with the time of its forgetting. */
import type { StoreDatabase } from './database.ts';
import type { ClosedSessions } from './keeping-port.ts';

export function createClosedSessions(database: StoreDatabase): ClosedSessions {
  return {
    record: async (sessionId, forgetAt) =>
      database.write(async (db) => {
        await db
          .insertInto('closed_sessions')
          .values({ session_id: sessionId, forget_at: forgetAt })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }),
    listUnrecorded: async () => {
      const closed = database.read.selectFrom('closed_sessions').select('session_id');
      const unrecorded = database.read
        .selectFrom('checkpoints')
        .select('session_id')
        .distinct()
        .where('session_id', 'not in', closed);
      return (await unrecorded.execute()).map((row) => row.session_id);
    },
    listOver: async (nowIso) => {
      const over = database.read
        .selectFrom('closed_sessions')
        .select('session_id')
        .where('forget_at', '<=', nowIso)
        .orderBy('forget_at');
      return (await over.execute()).map((row) => row.session_id);
    },
  };
}
