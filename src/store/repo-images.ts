/**
 * What was built of the repository sets. Owns which image is current: every change of it is one transaction that compares
 * numbers, so that no order of late ends brings back an older image.
 */
import type { Kysely, Selectable } from 'kysely';
import { buildFactsSchema } from '../contracts/repo-image.ts';
import type { BuildFacts, RepoImage } from '../contracts/repo-image.ts';
import type { StoreDatabase } from './database.ts';
import type { RepoImages } from './images-port.ts';
import type { Tables } from './schema.ts';

type Row = Selectable<Tables['repo_images']>;
type Key = { setId: string; number: number };

/** In a row, before an image is demoted. */
const toleratedStarts = 1;

const nothingFound: BuildFacts = {
  heads: [],
  toolchain: {},
  fingerprint: null,
  steps: [],
  imageId: null,
  runtimeVersion: null,
};

export function createRepoImages(database: StoreDatabase): RepoImages {
  return {
    begin: async (build) => database.write(async (db) => begin(db, build)),
    update: async (key, found) => database.write(async (db) => update(db, key, found)),
    fail: async (key, failure) => database.write(async (db) => end(db, key, { state: 'failed', failure })),
    promote: async (key) => database.write(async (db) => promote(db, key)),
    current: async (setId, place) => {
      const row = await inState(database.read, { setId, place, state: 'current' });
      return row === undefined ? null : imageIn(row);
    },
    list: async (setId) => {
      const rows = database.read.selectFrom('repo_images').selectAll().where('set_id', '=', setId);
      return (await rows.orderBy('number', 'desc').execute()).map(imageIn);
    },
    recordStart: async (start) => database.write(async (db) => recordStart(db, start)),
    condemnNeedless: async (place) => database.write(async (db) => condemnNeedless(db, place)),
    recordDeleted: async ({ place, imageId }) =>
      database.write(async (db) => {
        await db
          .updateTable('repo_images')
          .set({ deleted_at: new Date().toISOString() })
          .where('place', '=', place)
          .where('image_id', '=', imageId)
          .where('deleted_at', 'is', null)
          .execute();
      }),
  };
}

async function begin(
  db: Kysely<Tables>,
  { setId, buildId, place, recipeHash, setHash }: Parameters<RepoImages['begin']>[0],
): Promise<RepoImage> {
  const ofSet = db.selectFrom('repo_images').selectAll().where('set_id', '=', setId);
  const known = await ofSet.where('build_id', '=', buildId).executeTakeFirst();
  if (known !== undefined) return imageIn(known);
  const newest = await ofSet.orderBy('number', 'desc').limit(1).executeTakeFirst();
  const number = (newest?.number ?? 0) + 1;
  await db
    .insertInto('repo_images')
    .values({
      set_id: setId,
      number,
      build_id: buildId,
      place,
      state: 'building',
      image_id: null,
      recipe_hash: recipeHash,
      set_hash: setHash,
      began_at: new Date().toISOString(),
      failed_starts: 0,
      facts_json: JSON.stringify(nothingFound),
    })
    .execute();
  return imageIn(await existing(db, { setId, number }));
}

async function update(db: Kysely<Tables>, key: Key, found: Partial<BuildFacts>): Promise<void> {
  const row = await existing(db, key);
  if (row.state !== 'building') return;
  const facts = { ...factsIn(row), ...found };
  await change(db, key, { facts_json: JSON.stringify(facts), image_id: facts.imageId });
}

async function end(
  db: Kysely<Tables>,
  key: Key,
  ended: Pick<Row, 'state'> & { failure?: string },
): Promise<RepoImage> {
  const row = await existing(db, key);
  if (row.state === 'building') await change(db, key, { ...ended, ended_at: new Date().toISOString() });
  return imageIn(await existing(db, key));
}

async function promote(db: Kysely<Tables>, key: Key): Promise<RepoImage> {
  const row = await existing(db, key);
  if (row.state !== 'building') return imageIn(row);
  if (row.image_id === null) throw new TypeError(`build ${key.number} of ${key.setId} has no image yet`);
  const { setId } = key;
  const at = { setId, place: row.place };
  const set = await db
    .selectFrom('repository_sets')
    .select('set_id')
    .where('set_id', '=', setId)
    .executeTakeFirst();
  const current = await inState(db, { ...at, state: 'current' });
  if (set === undefined || (current?.number ?? 0) > key.number) return end(db, key, { state: 'superseded' });
  if (current !== undefined) {
    const previous = await inState(db, { ...at, state: 'previous' });
    if (previous !== undefined) await change(db, { setId, number: previous.number }, { state: 'superseded' });
    await change(db, { setId, number: current.number }, { state: 'previous' });
  }
  return end(db, key, { state: 'current' });
}

async function recordStart(
  db: Kysely<Tables>,
  { place, imageId, isStarted }: Parameters<RepoImages['recordStart']>[0],
): Promise<RepoImage | null> {
  const row = await db
    .selectFrom('repo_images')
    .selectAll()
    .where('place', '=', place)
    .where('image_id', '=', imageId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const key = { setId: row.set_id, number: row.number };
  const failedStarts = isStarted ? 0 : row.failed_starts + 1;
  if (failedStarts !== row.failed_starts) await change(db, key, { failed_starts: failedStarts });
  if (row.state !== 'current' || failedStarts <= toleratedStarts) return null;
  await change(db, key, { state: 'demoted' });
  const previous = await inState(db, { setId: row.set_id, place, state: 'previous' });
  if (previous !== undefined)
    await change(db, { setId: row.set_id, number: previous.number }, { state: 'current', failed_starts: 0 });
  return imageIn(await existing(db, key));
}

async function condemnNeedless(db: Kysely<Tables>, place: string): Promise<{ imageId: string }[]> {
  const inUse = db
    .selectFrom('sandboxes')
    .select('image_id')
    .where('image_id', 'is not', null)
    .where((row) => row.or([row('ended_at', 'is', null), row('doubted_at', 'is not', null)]));
  await db
    .updateTable('repo_images')
    .set({ condemned_at: new Date().toISOString() })
    .where('place', '=', place)
    .where('state', 'in', ['superseded', 'demoted', 'failed'])
    .where('image_id', 'is not', null)
    .where('condemned_at', 'is', null)
    .where('image_id', 'not in', inUse)
    .execute();
  const rows = await db
    .selectFrom('repo_images')
    .select('image_id')
    .where('place', '=', place)
    .where('condemned_at', 'is not', null)
    .where('deleted_at', 'is', null)
    // One may have been taken into use in between.
    .where('image_id', 'not in', inUse)
    .orderBy('image_id')
    .execute();
  return rows.flatMap(({ image_id: imageId }) => (imageId === null ? [] : [{ imageId }]));
}

async function inState(
  db: Kysely<Tables>,
  { setId, place, state }: { setId: string; place: string; state: Row['state'] },
): Promise<Row | undefined> {
  return db
    .selectFrom('repo_images')
    .selectAll()
    .where('set_id', '=', setId)
    .where('place', '=', place)
    .where('state', '=', state)
    .executeTakeFirst();
}

async function existing(db: Kysely<Tables>, { setId, number }: Key): Promise<Row> {
  const row = await db
    .selectFrom('repo_images')
    .selectAll()
    .where('set_id', '=', setId)
    .where('number', '=', number)
    .executeTakeFirst();
  if (row === undefined) throw new Error(`there is no build ${number} of ${setId}`);
  return row;
}

async function change(db: Kysely<Tables>, { setId, number }: Key, changes: Partial<Row>): Promise<void> {
  await db
    .updateTable('repo_images')
    .set(changes)
    .where('set_id', '=', setId)
    .where('number', '=', number)
    .execute();
}

function factsIn(row: Row): BuildFacts {
  return buildFactsSchema.parse(JSON.parse(row.facts_json));
}

function imageIn(row: Row): RepoImage {
  return {
    ...factsIn(row),
    setId: row.set_id,
    number: row.number,
    buildId: row.build_id,
    place: row.place,
    state: row.state,
    recipeHash: row.recipe_hash,
    setHash: row.set_hash,
    beganAt: row.began_at,
    endedAt: row.ended_at,
    failure: row.failure,
    failedStarts: row.failed_starts,
  };
}
