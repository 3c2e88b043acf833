/**
 * Going back to a checkpoint (rewind), and giving one to another session (fork): each in one transaction, which also settles
 * from which snapshot the restore starts, so that nobody deletes it in between.
 */
import type { Kysely } from 'kysely';
import type { Checkpoint, Snapshot } from '../contracts/checkpoint.ts';
import { checkpointIn, findRow, latestRow, saveCheckpoint } from './checkpoints.ts';
import { branchConversation, copyConversation } from './conversation-copies.ts';
import type { StoreDatabase } from './database.ts';
import type { ForkPoint, RestorePoint, RestorePoints } from './restoring-port.ts';
import type { Tables } from './schema.ts';
import { rewindConversation } from './rewound-conversations.ts';
import { snapshotIn, snapshotsOnLine } from './snapshot-account.ts';

type IsUsable = (snapshot: Snapshot) => boolean;

export function createRestorePoints(database: StoreDatabase): RestorePoints {
  return {
    rewind: async (to, as, isUsable) => database.write(async (db) => rewind(db, { to, as, isUsable })),
    fork: async (from, as, isUsable) => database.write(async (db) => fork(db, { from, as, isUsable })),
  };
}

type Rewind = {
  to: { sessionId: string; checkpointId: string };
  as: (checkpoint: Checkpoint) => Checkpoint;
  isUsable: IsUsable;
};

async function rewind(db: Kysely<Tables>, { to, as, isUsable }: Rewind): Promise<RestorePoint | null> {
  const { sessionId, checkpointId } = to;
  const row = await findRow(db, sessionId, checkpointId);
  if (row === null) return null;
  const found = checkpointIn(row);
  const written = as(found);
  const snapshot = await snapshotFor(db, { sessionId, checkpointId, isUsable });
  const known = await findRow(db, sessionId, written.checkpointId);
  if (known !== null) return { checkpoint: checkpointIn(known), snapshot };
  const transcript =
    found.transcript === null ? null : await branchConversation(db, sessionId, found.transcript);
  const checkpoint = { ...written, transcript, snapshot: ownOf(found, snapshot) && written.snapshot };
  await saveCheckpoint(db, checkpoint, checkpointId);
  await rewindConversation(db, sessionId, transcript?.agentSessionId ?? null);
  return { checkpoint, snapshot };
}

/** A checkpoint names a snapshot only while it can be used: its files are taken for the checkpoint's own then. */
function ownOf(checkpoint: Checkpoint, snapshot: Snapshot | null): Snapshot | null {
  return snapshot?.imageId === checkpoint.snapshot?.imageId ? snapshot : null;
}

type Fork = {
  from: { sessionId: string; checkpointId: string | null };
  as: (checkpoint: Checkpoint) => Checkpoint;
  isUsable: IsUsable;
};

async function fork(db: Kysely<Tables>, { from, as, isUsable }: Fork): Promise<ForkPoint | null> {
  const { sessionId } = from;
  const row =
    from.checkpointId === null
      ? await latestRow(db, sessionId)
      : await findRow(db, sessionId, from.checkpointId);
  if (row === null) return null;
  const source = checkpointIn(row);
  const written = as(source);
  const made = await findFork(db, written);
  if (made !== null) return made;
  const sourceCheckpointId = source.checkpointId;
  const snapshot = await snapshotFor(db, { sessionId, checkpointId: sourceCheckpointId, isUsable });
  const checkpoint = { ...written, snapshot: ownOf(source, snapshot) && written.snapshot };
  await db
    .insertInto('forks')
    .values({
      session_id: written.sessionId,
      from_session_id: sessionId,
      from_checkpoint_id: sourceCheckpointId,
      image_id: snapshot?.imageId ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (source.transcript !== null)
    await copyConversation(db, {
      from: { sessionId, position: source.transcript },
      to: { sessionId: written.sessionId, agentSessionId: source.transcript.agentSessionId },
    });
  await copyCarriedWork(db, source, written.sessionId);
  await saveCheckpoint(db, checkpoint);
  return { checkpoint, snapshot, sourceCheckpointId };
}

/** One that was made before. */
async function findFork(db: Kysely<Tables>, written: Checkpoint): Promise<ForkPoint | null> {
  const { sessionId, checkpointId } = written;
  const fork = await db
    .selectFrom('forks')
    .selectAll()
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  const row = fork === undefined ? null : await findRow(db, sessionId, checkpointId);
  if (fork === undefined || row === null) return null;
  const snapshot = fork.image_id === null ? null : await findSnapshot(db, fork.image_id);
  return { checkpoint: checkpointIn(row), snapshot, sourceCheckpointId: fork.from_checkpoint_id };
}

async function snapshotFor(
  db: Kysely<Tables>,
  of: { sessionId: string; checkpointId: string; isUsable: IsUsable },
): Promise<Snapshot | null> {
  const onLine = await snapshotsOnLine(db, of.sessionId, of.checkpointId);
  return onLine.find(of.isUsable) ?? null;
}

async function findSnapshot(db: Kysely<Tables>, imageId: string): Promise<Snapshot | null> {
  const row = await db.selectFrom('snapshots').selectAll().where('image_id', '=', imageId).executeTakeFirst();
  return row === undefined ? null : snapshotIn(row);
}

async function copyCarriedWork(db: Kysely<Tables>, { sessionId, carried }: Checkpoint, to: string) {
  for (const { sha256, bytes } of carried) {
    if (bytes === 0) continue;
    await db
      .insertInto('blobs')
      .columns(['session_id', 'kind', 'blob_id', 'bytes'])
      .expression((expression) =>
        expression
          .selectFrom('blobs')
          .select((column) => [column.val(to).as('session_id'), 'kind', 'blob_id', 'bytes'])
          .where('session_id', '=', sessionId)
          .where('blob_id', '=', sha256),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
