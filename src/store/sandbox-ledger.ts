/** The sandbox ledger (I7): a sandbox is in it before it can exist, so none is ever lost sight of. */
import { sql, type ExpressionBuilder, type Kysely, type Selectable } from 'kysely';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './schema.ts';
import type { SandboxLedger, SandboxRecord } from './store.ts';

export function createSandboxLedger(database: StoreDatabase): SandboxLedger {
  return {
    recordIntent: async ({ name, sessionId, generation, imageId = null }) =>
      database.write(async (db) => {
        const intended = {
          intended_at: new Date().toISOString(),
          ended_at: null,
          ended_reason: null,
          image_id: imageId,
        };
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
        return fromRow(await existing(db, name));
      }),
    recordCreated: async ({ name, sandboxId }) =>
      database.write(async (db) => {
        const known = await existing(db, name);
        if (known.sandbox_id === sandboxId) return;
        const isDoubted = known.sandbox_id !== null || known.ended_at !== null;
        const doubt = isDoubted ? { doubted_at: null } : {};
        await update(db, name, { sandbox_id: sandboxId, ended_at: null, ended_reason: null, ...doubt });
      }),
    recordEnded: async ({ name, sandboxId, intendedAt }, reason) =>
      database.write(async (db) => {
        const known = await existing(db, name);
        if (known.sandbox_id !== sandboxId || known.intended_at !== intendedAt) return false;
        if (known.ended_at === null)
          await update(db, name, { ended_at: new Date().toISOString(), ended_reason: reason });
        return true;
      }),
    settleDoubt: async ({ name, doubtedAt }) =>
      database.write(async (db) => {
        if ((await existing(db, name)).doubted_at === doubtedAt) await update(db, name, { doubted_at: null });
      }),
    find: async (name) => {
      const found = await row(database.read, name).executeTakeFirst();
      return found === undefined ? null : fromRow(found);
    },
    findNewest: async (sessionId) => {
      const query = database.read.selectFrom('sandboxes').selectAll().where('session_id', '=', sessionId);
      const found = await query.orderBy('generation', 'desc').limit(1).executeTakeFirst();
      return found === undefined ? null : fromRow(found);
    },
    listOpen: async () => {
      const query = database.read.selectFrom('sandboxes').selectAll().where(isOpen);
      return (await query.orderBy('intended_at').execute()).map(fromRow);
    },
  };
}

/** Word for word the condition of the index `sandboxes_open`. */
const isOpen = sql<boolean>`ended_at is null or doubted_at is not null`;

function row(db: Kysely<Tables>, name: string) {
  return db.selectFrom('sandboxes').selectAll().where('name', '=', name);
}

async function existing(db: Kysely<Tables>, name: string): Promise<Selectable<Tables['sandboxes']>> {
  return row(db, name).executeTakeFirstOrThrow(() => unknownSandbox(name));
}

async function update(
  db: Kysely<Tables>,
  name: string,
  changes: Partial<Pick<Tables['sandboxes'], 'sandbox_id' | 'doubted_at' | 'ended_at' | 'ended_reason'>>,
): Promise<void> {
  await db.updateTable('sandboxes').set(changes).where('name', '=', name).execute();
}

/** An attempt of whose row neither a sandbox nor an end is recorded is one of which nobody heard how it ended. */
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
    imageId: found.image_id,
    intendedAt: found.intended_at,
    doubtedAt: found.doubted_at,
    ...endOf(found),
  };
}

/** Both are written together. */
function endOf({ ended_at: endedAt, ended_reason: endedReason }: Selectable<Tables['sandboxes']>) {
  return endedAt === null || endedReason === null
    ? { endedAt: null, endedReason: null }
    : { endedAt, endedReason };
}
