/** Which image was built from which recipe, and where. */
import type { StoreDatabase } from './database.ts';
import type { ImageRecords } from './store.ts';

export function createImageRecords(database: StoreDatabase): ImageRecords {
  return {
    recordBase: async ({ recipeHash, place, imageId, runtimeVersion, builtAt }) =>
      database.write(async (db) => {
        const built = { image_id: imageId, runtime_version: runtimeVersion, built_at: builtAt };
        await db
          .insertInto('base_images')
          .values({ recipe_hash: recipeHash, place, ...built })
          .onConflict((conflict) => conflict.columns(['recipe_hash', 'place']).doUpdateSet(built))
          .execute();
      }),
    findBase: async ({ recipeHash, place }) => {
      const row = await database.read
        .selectFrom('base_images')
        .selectAll()
        .where('recipe_hash', '=', recipeHash)
        .where('place', '=', place)
        .executeTakeFirst();
      if (row === undefined) return null;
      return {
        recipeHash,
        place,
        imageId: row.image_id,
        runtimeVersion: row.runtime_version,
        builtAt: row.built_at,
      };
    },
    forgetBase: async ({ recipeHash, place }) =>
      database.write(async (db) => {
        await db
          .deleteFrom('base_images')
          .where('recipe_hash', '=', recipeHash)
          .where('place', '=', place)
          .execute();
      }),
  };
}
