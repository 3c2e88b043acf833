/** What the reaper has to remember: closed sessions with the time of their forgetting, and sandboxes without an owner. */
import type { StoreDatabase } from './database.ts';
import type { ClosedSessions, UnownedSandboxes } from './keeping-port.ts';

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

export function createUnownedSandboxes(database: StoreDatabase): UnownedSandboxes {
  return {
    see: async (sandboxIds, nowIso) =>
      database.write(async (db) => {
        const known = await db.selectFrom('unowned_sandboxes').selectAll().execute();
        const before = new Map(known.map((row) => [row.sandbox_id, row.seen_at]));
        await db.deleteFrom('unowned_sandboxes').execute();
        const seen = new Map(sandboxIds.map((id) => [id, before.get(id) ?? nowIso]));
        for (const [sandboxId, seenAt] of seen)
          await db
            .insertInto('unowned_sandboxes')
            .values({ sandbox_id: sandboxId, seen_at: seenAt })
            .execute();
        return seen;
      }),
  };
}
