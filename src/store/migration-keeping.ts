/** Migration 6: the account of snapshots, the lines of checkpoints, and what the reaper has to remember. */
import { sql, type Kysely } from 'kysely';

export async function createKeepingTables(db: Kysely<unknown>): Promise<void> {
  await linkCheckpoints(db);
  await createSnapshotTables(db);
  await db.schema
    .createTable('rewound_conversations')
    .addColumn('session_id', 'text', (column) => column.primaryKey())
    .addColumn('agent_session_id', 'text')
    .addColumn('entries_until', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('sandboxes_by_session')
    .on('sandboxes')
    .columns(['session_id', 'generation'])
    .execute();
  await db.schema
    .createTable('closed_sessions')
    .addColumn('session_id', 'text', (column) => column.primaryKey())
    .addColumn('forget_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('unowned_sandboxes')
    .addColumn('sandbox_id', 'text', (column) => column.primaryKey())
    .addColumn('seen_at', 'text', (column) => column.notNull())
    .execute();
}

/** Until now there was one line: each checkpoint followed the one before it. None had a cost of its own. */
async function linkCheckpoints(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('checkpoints').addColumn('parent_id', 'text').execute();
  await db.schema.alterTable('checkpoints').addColumn('snapshot_image_id', 'text').execute();
  await sql`update checkpoints set
    snapshot_image_id = checkpoint_json ->> '$.snapshot.imageId',
    checkpoint_json = json_insert(checkpoint_json, '$.costUsd', 0),
    parent_id = (
      select earlier.checkpoint_id from checkpoints as earlier
      where earlier.session_id = checkpoints.session_id and earlier.ordinal < checkpoints.ordinal
      order by earlier.ordinal desc limit 1
    )`.execute(db);
}

async function createSnapshotTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('snapshots')
    .addColumn('image_id', 'text', (column) => column.primaryKey())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('checkpoint_id', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('runtime_version', 'text', (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('taken_at', 'text', (column) => column.notNull())
    .addColumn('condemned_at', 'text')
    .addColumn('deleted_at', 'text')
    .execute();
  await db.schema
    .createIndex('snapshots_by_session')
    .on('snapshots')
    .columns(['session_id', 'taken_at'])
    .execute();
  await sql`insert or ignore into snapshots 
      (image_id, session_id, checkpoint_id, generation, runtime_version, purpose, taken_at)
    select snapshot_image_id, session_id, checkpoint_id, checkpoint_json ->> '$.snapshot.generation',
      checkpoint_json ->> '$.snapshot.runtimeVersion', 'pause', checkpoint_json ->> '$.at'
    from checkpoints where snapshot_image_id is not null`.execute(db);
  await db.schema
    .createTable('forks')
    .addColumn('session_id', 'text', (column) => column.primaryKey())
    .addColumn('from_session_id', 'text', (column) => column.notNull())
    .addColumn('from_checkpoint_id', 'text', (column) => column.notNull())
    .addColumn('image_id', 'text')
    .execute();
}
