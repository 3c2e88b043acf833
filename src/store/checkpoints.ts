/** Checkpoints, in the order they were first saved. */
import type { Kysely } from 'kysely';
import { checkpointSchema, type Checkpoint } from '../contracts/checkpoint.ts';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './schema.ts';
import type { CheckpointLog } from './store.ts';

export function createCheckpoints(database: StoreDatabase): CheckpointLog {
  const db = database.read;
  return {
    save: async (checkpoint) => database.write(async (writer) => save(writer, checkpoint)),
    find: async (sessionId, checkpointId) => {
      const row = await select(db, sessionId).where('checkpoint_id', '=', checkpointId).executeTakeFirst();
      return row === undefined ? null : fromJson(row.checkpoint_json);
    },
    latest: async (sessionId) => latestCheckpoint(db, sessionId),
    list: async (sessionId) => {
      const rows = await select(db, sessionId).orderBy('ordinal').execute();
      return rows.map((row) => fromJson(row.checkpoint_json));
    },
  };
}

async function latestCheckpoint(db: Kysely<Tables>, sessionId: string): Promise<Checkpoint | null> {
  const row = await select(db, sessionId).orderBy('ordinal', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? null : fromJson(row.checkpoint_json);
}

async function save(db: Kysely<Tables>, checkpoint: Checkpoint): Promise<void> {
  const json = JSON.stringify(checkpoint);
  await db
    .insertInto('checkpoints')
    .values({
      session_id: checkpoint.sessionId,
      checkpoint_id: checkpoint.checkpointId,
      checkpoint_json: json,
    })
    .onConflict((conflict) =>
      conflict.columns(['session_id', 'checkpoint_id']).doUpdateSet({ checkpoint_json: json }),
    )
    .execute();
}

function select(db: Kysely<Tables>, sessionId: string) {
  return db.selectFrom('checkpoints').select('checkpoint_json').where('session_id', '=', sessionId);
}

/** Checked, because a checkpoint may be restored by a version that did not write it. */
function fromJson(json: string): Checkpoint {
  return checkpointSchema.parse(JSON.parse(json));
}
