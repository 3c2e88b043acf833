/** Forgetting a session, when somebody asks for it. */
import type { Kysely } from 'kysely';
import type { Tables } from './schema.ts';

/** Within a write transaction. */
export async function deleteSession(
  db: Kysely<Tables>,
  sessionId: string,
  { keepEvents = false }: { keepEvents?: boolean },
): Promise<void> {
  if (!keepEvents) await deleteEvents(db, sessionId);
  await db.deleteFrom('checkpoints').where('session_id', '=', sessionId).execute();
  await db.deleteFrom('rewound_conversations').where('session_id', '=', sessionId).execute();
  await db.deleteFrom('closed_sessions').where('session_id', '=', sessionId).execute();
  await db.deleteFrom('forks').where('session_id', '=', sessionId).execute();
  await db
    .deleteFrom('snapshots')
    .where('session_id', '=', sessionId)
    .where('deleted_at', 'is not', null)
    .execute();
  await db.deleteFrom('blobs').where('session_id', '=', sessionId).execute();
  await db.deleteFrom('transcript_entries').where('session_id', '=', sessionId).execute();
  await db
    .deleteFrom('sandboxes')
    .where('session_id', '=', sessionId)
    .where('ended_at', 'is not', null)
    .where('doubted_at', 'is', null)
    .execute();
  if (!keepEvents) await freeId(db, sessionId);
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
