/** Sandboxes without an owner, each with the time from which the reaper saw it so. */
import type { StoreDatabase } from './database.ts';
import type { UnownedSandboxes } from './keeping-port.ts';

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
