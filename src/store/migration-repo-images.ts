/** Migration 7: registered repository sets, the images built of them, and which image a sandbox was made from. */
import type { Kysely } from 'kysely';

export async function createRepoImageTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('repository_sets')
    .addColumn('set_id', 'text', (column) => column.primaryKey())
    .addColumn('set_json', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('repo_images')
    .addColumn('set_id', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('build_id', 'text', (column) => column.notNull())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('image_id', 'text')
    .addColumn('recipe_hash', 'text', (column) => column.notNull())
    .addColumn('set_hash', 'text', (column) => column.notNull())
    .addColumn('began_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('failure', 'text')
    .addColumn('failed_starts', 'integer', (column) => column.notNull())
    .addColumn('facts_json', 'text', (column) => column.notNull())
    .addColumn('condemned_at', 'text')
    .addColumn('deleted_at', 'text')
    .addPrimaryKeyConstraint('repo_images_pk', ['set_id', 'number'])
    .execute();
  await db.schema
    .createIndex('repo_images_by_build')
    .unique()
    .on('repo_images')
    .columns(['set_id', 'build_id'])
    .execute();
  await db.schema
    .createIndex('repo_images_by_image')
    .on('repo_images')
    .columns(['place', 'image_id'])
    .execute();
  await db.schema.alterTable('sandboxes').addColumn('image_id', 'text').execute();
}
