/** Registered repository sets. */
import { repositorySetSchema } from '../contracts/repository-set.ts';
import type { RepositorySet } from '../contracts/repository-set.ts';
import type { StoreDatabase } from './database.ts';
import type { RepositorySets } from './images-port.ts';

export function createRepositorySets(database: StoreDatabase): RepositorySets {
  return {
    save: async (set) =>
      database.write(async (db) => {
        const saved = { set_json: JSON.stringify(set) };
        await db
          .insertInto('repository_sets')
          .values({ set_id: set.setId, ...saved })
          .onConflict((conflict) => conflict.column('set_id').doUpdateSet(saved))
          .execute();
      }),
    find: async (setId) => {
      const query = database.read.selectFrom('repository_sets').selectAll().where('set_id', '=', setId);
      const row = await query.executeTakeFirst();
      return row === undefined ? null : setIn(row);
    },
    list: async () => {
      const rows = database.read.selectFrom('repository_sets').selectAll().orderBy('set_id');
      return (await rows.execute()).map(setIn);
    },
    remove: async (setId) =>
      database.write(async (db) => {
        await db.deleteFrom('repository_sets').where('set_id', '=', setId).execute();
        await db
          .updateTable('repo_images')
          .set({ state: 'superseded' })
          .where('set_id', '=', setId)
          .where('state', 'in', ['current', 'previous'])
          .execute();
      }),
  };
}

/** With the defaults of today, where an older Harvest wrote it. */
function setIn(row: { set_json: string }): RepositorySet {
  return repositorySetSchema.parse(JSON.parse(row.set_json));
}
