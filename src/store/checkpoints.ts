/** Checkpoints, in the order they were first saved; each knows which one it followed. */
import type { Kysely, Selectable } from 'kysely';
import { checkpointSchema, type Checkpoint } from '../contracts/checkpoint.ts';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './schema.ts';
import type { CheckpointLog } from './store.ts';

type Row = Selectable<Tables['checkpoints']>;

export function createCheckpoints(database: StoreDatabase): CheckpointLog {
  const db = database.read;
  return {
    save: async (checkpoint) => database.write(async (writer) => saveCheckpoint(writer, checkpoint)),
    find: async (sessionId, checkpointId) => {
      const row = await findRow(db, sessionId, checkpointId);
      return row === null ? null : checkpointIn(row);
    },
    latest: async (sessionId) => {
      const row = await latestRow(db, sessionId);
      return row === null ? null : checkpointIn(row);
    },
    list: async (sessionId) => {
      const rows = await select(db, sessionId).orderBy('ordinal').execute();
      return rows.map(checkpointIn);
    },
  };
}

/** Within a write transaction. A new one follows the latest, unless another one is named. */
export async function saveCheckpoint(
  db: Kysely<Tables>,
  checkpoint: Checkpoint,
  following?: string,
): Promise<void> {
  const { sessionId, checkpointId, snapshot } = checkpoint;
  const content = {
    checkpoint_json: JSON.stringify(checkpoint),
    snapshot_image_id: snapshot?.imageId ?? null,
  };
  const parentId = following ?? (await latestRow(db, sessionId))?.checkpoint_id ?? null;
  await db
    .insertInto('checkpoints')
    .values({
      session_id: sessionId,
      checkpoint_id: checkpointId,
      parent_id: parentId,
      ...content,
    })
    .onConflict((conflict) => conflict.columns(['session_id', 'checkpoint_id']).doUpdateSet(content))
    .execute();
}

export async function findRow(
  db: Kysely<Tables>,
  sessionId: string,
  checkpointId: string,
): Promise<Row | null> {
  const row = await select(db, sessionId).where('checkpoint_id', '=', checkpointId).executeTakeFirst();
  return row ?? null;
}

/** What the session stands at: a rewind saves what it went back to as the newest one. */
export async function latestRow(db: Kysely<Tables>, sessionId: string): Promise<Row | null> {
  const row = await select(db, sessionId).orderBy('ordinal', 'desc').limit(1).executeTakeFirst();
  return row ?? null;
}

/** Checked, because a checkpoint may be restored by a version that did not write it. */
export function checkpointIn(row: Row): Checkpoint {
  return checkpointSchema.parse(JSON.parse(row.checkpoint_json));
}

function select(db: Kysely<Tables>, sessionId: string) {
  return db.selectFrom('checkpoints').selectAll().where('session_id', '=', sessionId);
}
