/** Which image was built from which recipe. */
import type { StoreDatabase } from './database.ts';
import type { ImageRecords } from './store.ts';

export function createImageRecords(database: StoreDatabase): ImageRecords {
  return {
    recordBase: async ({ recipeHash, imageId, runtimeVersion, builtAt }) =>
      database.write(async (db) => {
        const built = { image_id: imageId, runtime_version: runtimeVersion, built_at: builtAt };
        await db
          .insertInto('base_images')
          .values({ recipe_hash: recipeHash, ...built })
          .onConflict((conflict) => conflict.column('recipe_hash').doUpdateSet(built))
          .execute();
      }),
    findBase: async (recipeHash) => {
      const row = await database.read
        .selectFrom('base_images')
        .selectAll()
        .where('recipe_hash', '=', recipeHash)
        .executeTakeFirst();
      if (row === undefined) return null;
      return {
        recipeHash,
        imageId: row.image_id,
        runtimeVersion: row.runtime_version,
        builtAt: row.built_at,
      };
    },
    forgetBase: async (recipeHash) =>
      database.write(async (db) => {
        await db.deleteFrom('base_images').where('recipe_hash', '=', recipeHash).execute();
      }),
  };
}
