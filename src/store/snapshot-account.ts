/** The account of snapshots: which images there are, and which of them somebody still needs. */
import { sql, type Kysely, type Selectable } from 'kysely';
import type { Checkpoint, Snapshot } from '../contracts/checkpoint.ts';
import { checkpointIn, findRow, latestRow, saveCheckpoint } from './checkpoints.ts';
import type { StoreDatabase } from './database.ts';
import type { SnapshotAccount, SnapshotPurpose, SnapshotRecord } from './keeping-port.ts';
import type { Tables } from './schema.ts';

type Row = Selectable<Tables['snapshots']>;

/** Of those that were asked for, in an open session. */
const requestedKept = 10;

export function createSnapshotAccount(database: StoreDatabase): SnapshotAccount {
  return {
    record: async (checkpoint, purpose) => database.write(async (db) => record(db, checkpoint, purpose)),
    condemnNeedless: async (of) => database.write(async (db) => condemnNeedless(db, of)),
    recordDeleted: async (imageId) =>
      database.write(async (db) => {
        const now = new Date().toISOString();
        await db
          .updateTable('snapshots')
          .set({ deleted_at: now })
          .where('image_id', '=', imageId)
          .where('deleted_at', 'is', null)
          .execute();
      }),
    list: async (sessionId) => {
      const query = database.read.selectFrom('snapshots').selectAll().where('session_id', '=', sessionId);
      return (await query.orderBy('taken_at').execute()).map(fromRow);
    },
  };
}

async function record(
  db: Kysely<Tables>,
  checkpoint: Checkpoint,
  purpose: SnapshotPurpose,
): Promise<Checkpoint> {
  const { sessionId, checkpointId, snapshot, at } = checkpoint;
  if (snapshot === null) throw new TypeError(`checkpoint ${checkpointId} has no snapshot to account for`);
  await db
    .insertInto('snapshots')
    .values({
      image_id: snapshot.imageId,
      session_id: sessionId,
      checkpoint_id: checkpointId,
      generation: snapshot.generation,
      runtime_version: snapshot.runtimeVersion,
      purpose,
      taken_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const known = await findRow(db, sessionId, checkpointId);
  if (known !== null && known.snapshot_image_id !== null) return checkpointIn(known);
  await saveCheckpoint(db, checkpoint);
  return checkpoint;
}

async function condemnNeedless(
  db: Kysely<Tables>,
  { sessionId }: { sessionId?: string },
): Promise<SnapshotRecord[]> {
  const standing = await select(db, sessionId).where('condemned_at', 'is', null).execute();
  const bySession = Map.groupBy(standing, (row) => row.session_id);
  const now = new Date().toISOString();
  for (const [owner, rows] of bySession) {
    const needed = await neededOf(db, owner);
    const needless = rows.map((row) => row.image_id).filter((imageId) => !needed.has(imageId));
    for (const imageId of needless)
      await db.updateTable('snapshots').set({ condemned_at: now }).where('image_id', '=', imageId).execute();
  }
  const condemned = select(db, sessionId)
    .where('condemned_at', 'is not', null)
    .where('deleted_at', 'is', null);
  return (await condemned.orderBy('taken_at').execute()).map(fromRow);
}

async function neededOf(db: Kysely<Tables>, sessionId: string): Promise<Set<string>> {
  const used = await db
    .selectFrom('forks')
    .innerJoin('snapshots', 'snapshots.image_id', 'forks.image_id')
    .select('snapshots.image_id')
    .where('snapshots.session_id', '=', sessionId)
    .execute();
  const needed = new Set(used.map((row) => row.image_id));
  const [newest] = await snapshotsOnLine(
    db,
    sessionId,
    (await latestRow(db, sessionId))?.checkpoint_id ?? null,
  );
  if (newest !== undefined) needed.add(newest.imageId);
  if (await isClosed(db, sessionId)) return needed;
  for (const { image_id: imageId } of await requested(db, sessionId)) needed.add(imageId);
  return needed;
}

/** The newest that were asked for and are their checkpoints' own. */
async function requested(db: Kysely<Tables>, sessionId: string) {
  return db
    .selectFrom('snapshots')
    .innerJoin('checkpoints', 'checkpoints.snapshot_image_id', 'snapshots.image_id')
    .select('snapshots.image_id')
    .whereRef('checkpoints.session_id', '=', 'snapshots.session_id')
    .whereRef('checkpoints.checkpoint_id', '=', 'snapshots.checkpoint_id')
    .where('snapshots.session_id', '=', sessionId)
    .where('snapshots.purpose', '=', 'request')
    .where('snapshots.condemned_at', 'is', null)
    .orderBy('checkpoints.ordinal', 'desc')
    .limit(requestedKept)
    .execute();
}

async function isClosed(db: Kysely<Tables>, sessionId: string): Promise<boolean> {
  const row = await db
    .selectFrom('closed_sessions')
    .select('session_id')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * The snapshots of a checkpoint and of those before it on its line, newest first, as far as they stand; in a fork the one
 * that it began from is the last. A line cannot turn back on itself: a checkpoint follows one that was there before it.
 */
export async function snapshotsOnLine(
  db: Kysely<Tables>,
  sessionId: string,
  checkpointId: string | null,
): Promise<Snapshot[]> {
  if (checkpointId === null) return [];
  const { rows } = await sql<Pick<Row, 'image_id' | 'generation' | 'runtime_version'>>`
    with recursive line (parent_id, image_id, depth) as (
      select parent_id, snapshot_image_id, 0 from checkpoints
      where session_id = ${sessionId} and checkpoint_id = ${checkpointId}
      union all
      select earlier.parent_id, earlier.snapshot_image_id, line.depth + 1
      from line join checkpoints as earlier
        on earlier.session_id = ${sessionId} and earlier.checkpoint_id = line.parent_id
    ), candidates (image_id, depth) as (
      select image_id, depth from line where image_id is not null
      union all
      select forks.image_id, max(line.depth) + 1 from line join forks on forks.session_id = ${sessionId}
      where forks.image_id is not null
      group by forks.image_id
    )
    select snapshots.image_id, snapshots.generation, snapshots.runtime_version
    from candidates join snapshots on snapshots.image_id = candidates.image_id
    where snapshots.condemned_at is null
    order by candidates.depth`.execute(db);
  return rows.map(snapshotIn);
}

export function snapshotIn(row: Pick<Row, 'image_id' | 'generation' | 'runtime_version'>): Snapshot {
  return { imageId: row.image_id, runtimeVersion: row.runtime_version, generation: row.generation };
}

function select(db: Kysely<Tables>, sessionId: string | undefined) {
  const all = db.selectFrom('snapshots').selectAll();
  return sessionId === undefined ? all : all.where('session_id', '=', sessionId);
}

function fromRow(row: Row): SnapshotRecord {
  return {
    imageId: row.image_id,
    sessionId: row.session_id,
    checkpointId: row.checkpoint_id,
    purpose: row.purpose,
    takenAt: row.taken_at,
    condemnedAt: row.condemned_at,
    deletedAt: row.deleted_at,
  };
}
