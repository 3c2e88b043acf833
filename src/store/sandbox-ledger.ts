/** The sandbox ledger (I7): a sandbox is in it before it can exist, so none is ever lost sight of. */
import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './schema.ts';
import type { SandboxLedger, SandboxRecord } from './store.ts';

export function createSandboxLedger(database: StoreDatabase): SandboxLedger {
  return {
    recordIntent: async ({ name, sessionId, generation }) =>
      database.write(async (db) => {
        const intended = { intended_at: new Date().toISOString(), ended_at: null, ended_reason: null };
        await db
          .insertInto('sandboxes')
          .values({ name, session_id: sessionId, generation, ...intended })
          .onConflict((conflict) =>
            conflict
              .column('name')
              .doUpdateSet((row) => ({ ...intended, doubted_at: doubtOf(row) }))
              .where('sandboxes.sandbox_id', 'is', null),
          )
          .execute();
      }),
    recordCreated: async ({ name, sandboxId }) =>
      database.write(async (db) => {
        const { sandbox_id: known } = await row(db, name).executeTakeFirstOrThrow(() => unknownSandbox(name));
        if (known === sandboxId) return;
        await update(db, name, { sandbox_id: sandboxId, ended_at: null, ended_reason: null });
      }),
    recordEnded: async ({ name, reason }) =>
      database.write(async (db) => {
        const { ended_at: endedAt } = await row(db, name).executeTakeFirstOrThrow(() => unknownSandbox(name));
        if (endedAt !== null) return;
        await update(db, name, { ended_at: new Date().toISOString(), ended_reason: reason });
      }),
    find: async (name) => {
      const found = await row(database.read, name).executeTakeFirst();
      return found === undefined ? null : fromRow(found);
    },
    listOpen: async () => {
      const query = database.read.selectFrom('sandboxes').selectAll().where('ended_at', 'is', null);
      return (await query.orderBy('intended_at').execute()).map(fromRow);
    },
  };
}

function row(db: Kysely<Tables>, name: string) {
  return db.selectFrom('sandboxes').selectAll().where('name', '=', name);
}

async function update(
  db: Kysely<Tables>,
  name: string,
  changes: Partial<Pick<Tables['sandboxes'], 'sandbox_id' | 'ended_at' | 'ended_reason'>>,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('sandboxes')
    .set(changes)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw unknownSandbox(name);
}

/** A row that is open without an id is an attempt whose outcome nobody recorded. */
function doubtOf(row: ExpressionBuilder<Tables, 'sandboxes'>) {
  return row
    .case()
    .when('sandboxes.ended_at', 'is', null)
    .then(row.ref('sandboxes.intended_at'))
    .else(row.ref('sandboxes.doubted_at'))
    .end();
}

/** A mistake in the caller: the intent comes first. */
function unknownSandbox(name: string): Error {
  return new Error(`Sandbox ${name} is not in the ledger: its intent was never recorded.`);
}

function fromRow(found: Selectable<Tables['sandboxes']>): SandboxRecord {
  return {
    name: found.name,
    sessionId: found.session_id,
    generation: found.generation,
    sandboxId: found.sandbox_id,
    intendedAt: found.intended_at,
    doubtedAt: found.doubted_at,
    endedAt: found.ended_at,
    endedReason: found.ended_reason,
  };
}
