/** Forgetting a session. */
import type { Kysely } from 'kysely';
import type { Checkpoint } from '../contracts/checkpoint.ts';
import { latestCheckpoint } from './checkpoints.ts';
import type { Tables } from './schema.ts';

/** Within a write transaction. */
export async function deleteSession(
  db: Kysely<Tables>,
  sessionId: string,
  { keepCheckpoint, keepEvents = false }: { keepCheckpoint: boolean; keepEvents?: boolean },
): Promise<void> {
  const kept = keepCheckpoint ? await latestCheckpoint(db, sessionId) : null;
  if (!keepEvents) await deleteEvents(db, sessionId);
  await db
    .deleteFrom('checkpoints')
    .where('session_id', '=', sessionId)
    .where('checkpoint_id', '!=', kept?.checkpointId ?? '')
    .execute();
  await deleteCarriedWork(db, sessionId, kept);
  await db
    .deleteFrom('transcript_entries')
    .where('session_id', '=', sessionId)
    .where('agent_session_id', '!=', kept?.transcript?.agentSessionId ?? '')
    .execute();
  await db
    .deleteFrom('sandboxes')
    .where('session_id', '=', sessionId)
    .where('ended_at', 'is not', null)
    .execute();
  if (!keepEvents && kept === null) await freeId(db, sessionId);
}

/** Not while a sandbox may exist that another session of this id would take for its own (I7). */
async function freeId(db: Kysely<Tables>, sessionId: string): Promise<void> {
  const open = db.selectFrom('sandboxes').select('session_id').where('session_id', '=', sessionId);
  await db
    .deleteFrom('session_ids')
    .where('session_id', '=', sessionId)
    .where('session_id', 'not in', open)
    .execute();
}

async function deleteEvents(db: Kysely<Tables>, sessionId: string): Promise<void> {
  await db.deleteFrom('events').where('session_id', '=', sessionId).execute();
  await db.deleteFrom('journal_cursors').where('session_id', '=', sessionId).execute();
}

async function deleteCarriedWork(
  db: Kysely<Tables>,
  sessionId: string,
  kept: Checkpoint | null,
): Promise<void> {
  const bundles = (kept?.carried ?? []).map((work) => work.sha256);
  await db
    .deleteFrom('blobs')
    .where('session_id', '=', sessionId)
    .where('kind', '=', 'carried-work')
    .where('blob_id', 'not in', bundles)
    .execute();
}
