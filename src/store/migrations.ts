/**
 * The schema's history. Forward only: a migration that was released never changes, the next one is added below it, and
 * its number is the version a store file carries.
 */
import { sql, type Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import { createKeepingTables } from './migration-keeping.ts';
import { createRepoImageTables } from './migration-repo-images.ts';

const migrations: Record<string, Migration> = {
  '0001-sessions': { up: createSessionTables },
  '0002-session-ids': { up: createSessionIds },
  '0003-image-places': { up: addImagePlaces },
  '0004-doubted-creates': { up: addDoubts },
  '0005-doubts-of-ended': { up: keepDoubtsOpen },
  '0006-keeping': { up: createKeepingTables },
  '0007-repo-images': { up: createRepoImageTables },
};

export const schemaVersion = Object.keys(migrations).length;

export const migrationProvider: MigrationProvider = { getMigrations: async () => migrations };

async function createSessionTables(db: Kysely<unknown>): Promise<void> {
  await createEventTables(db);
  await createRestoreTables(db);
  await db.schema
    .createTable('sandboxes')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('sandbox_id', 'text')
    .addColumn('intended_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('ended_reason', 'text')
    .execute();
  await db.schema
    .createIndex('sandboxes_open')
    .on('sandboxes')
    .column('intended_at')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema
    .createTable('base_images')
    .addColumn('recipe_hash', 'text', (column) => column.primaryKey())
    .addColumn('image_id', 'text', (column) => column.notNull())
    .addColumn('runtime_version', 'text', (column) => column.notNull())
    .addColumn('built_at', 'text', (column) => column.notNull())
    .execute();
}

async function createEventTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('turn_id', 'text')
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('data_json', 'text', (column) => column.notNull())
    .addColumn('event_id', 'text')
    .addColumn('journal_offset', 'integer')
    .addPrimaryKeyConstraint('events_pk', ['session_id', 'seq'])
    .execute();
  await db.schema
    .createIndex('events_by_event_id')
    .unique()
    .on('events')
    .columns(['session_id', 'event_id'])
    .where(sql.ref('event_id'), 'is not', null)
    .execute();
  await db.schema
    .createIndex('events_by_journal_offset')
    .unique()
    .on('events')
    .columns(['session_id', 'generation', 'journal_offset'])
    .where(sql.ref('journal_offset'), 'is not', null)
    .execute();
  await db.schema
    .createTable('journal_cursors')
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('next_offset', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('journal_cursors_pk', ['session_id', 'generation'])
    .execute();
}

async function createRestoreTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('transcript_entries')
    .addColumn('ordinal', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('agent_session_id', 'text', (column) => column.notNull())
    .addColumn('subpath', 'text', (column) => column.notNull())
    .addColumn('uuid', 'text')
    .addColumn('entry_json', 'text', (column) => column.notNull())
    .addUniqueConstraint('transcript_entries_by_uuid', ['session_id', 'agent_session_id', 'subpath', 'uuid'])
    .execute();
  await db.schema
    .createIndex('transcript_entries_in_order')
    .on('transcript_entries')
    .columns(['session_id', 'subpath', 'ordinal'])
    .execute();
  await db.schema
    .createTable('checkpoints')
    .addColumn('ordinal', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('checkpoint_id', 'text', (column) => column.notNull())
    .addColumn('checkpoint_json', 'text', (column) => column.notNull())
    .addUniqueConstraint('checkpoints_by_id', ['session_id', 'checkpoint_id'])
    .execute();
  await db.schema
    .createTable('blobs')
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('blob_id', 'text', (column) => column.notNull())
    .addColumn('bytes', 'blob', (column) => column.notNull())
    .addPrimaryKeyConstraint('blobs_pk', ['session_id', 'kind', 'blob_id'])
    .execute();
}

async function createSessionIds(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('session_ids')
    .addColumn('session_id', 'text', (column) => column.primaryKey())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('claimed_at', 'text', (column) => column.notNull())
    .execute();
}

/** Where the records so far were built is not known: what a provider has it finds again by its recipe. */
async function addImagePlaces(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('base_images').execute();
  await db.schema
    .createTable('base_images')
    .addColumn('recipe_hash', 'text', (column) => column.notNull())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('image_id', 'text', (column) => column.notNull())
    .addColumn('runtime_version', 'text', (column) => column.notNull())
    .addColumn('built_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('base_images_pk', ['recipe_hash', 'place'])
    .execute();
}

async function addDoubts(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sandboxes').addColumn('doubted_at', 'text').execute();
}

/** Until now a row ended only when its doubt was settled, and the doubt stayed written. */
async function keepDoubtsOpen(db: Kysely<unknown>): Promise<void> {
  await sql`update sandboxes set doubted_at = null where ended_at is not null`.execute(db);
  await db.schema.dropIndex('sandboxes_open').execute();
  await sql`create index sandboxes_open on sandboxes (intended_at)
    where ended_at is null or doubted_at is not null`.execute(db);
}
