/** The agent's conversation memory, entry by entry in the order it was mirrored. */
import type { Kysely } from 'kysely';
import { transcriptEntrySchema, type TranscriptBatch } from '../contracts/transcript.ts';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './schema.ts';
import { rewoundConversation } from './rewound-conversations.ts';
import type { TranscriptPosition, TranscriptReader } from './store.ts';

/** The conversation with the caller; subagents have subpaths. */
export const mainConversation = '';

export function createTranscripts(database: StoreDatabase): TranscriptReader {
  const db = database.read;
  return {
    position: async (sessionId) => positionOf(db, sessionId),
    read: async (sessionId, position) => {
      const wanted = position ?? (await positionOf(db, sessionId));
      if (wanted === null) return null;
      const rows = await selectEntries(db, sessionId, wanted.agentSessionId)
        .select('entry_json')
        .orderBy('ordinal')
        .limit(wanted.entries)
        .execute();
      if (rows.length === 0) return null;
      const entries = rows.map((row) => transcriptEntrySchema.parse(JSON.parse(row.entry_json)));
      return { agentSessionId: wanted.agentSessionId, entries };
    },
  };
}

async function positionOf(db: Kysely<Tables>, sessionId: string): Promise<TranscriptPosition | null> {
  const rewound = await rewoundConversation(db, sessionId);
  const newest = await db
    .selectFrom('transcript_entries')
    .select('agent_session_id')
    .where('session_id', '=', sessionId)
    .where('subpath', '=', mainConversation)
    .where('ordinal', '>', rewound?.entries_until ?? 0)
    .orderBy('ordinal', 'desc')
    .limit(1)
    .executeTakeFirst();
  const agentSessionId = newest?.agent_session_id ?? rewound?.agent_session_id;
  if (agentSessionId === undefined || agentSessionId === null) return null;
  return { agentSessionId, entries: await countEntries(db, sessionId, agentSessionId) };
}

export async function countEntries(
  db: Kysely<Tables>,
  sessionId: string,
  agentSessionId: string,
): Promise<number> {
  const { count } = await selectEntries(db, sessionId, agentSessionId)
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

function selectEntries(db: Kysely<Tables>, sessionId: string, agentSessionId: string) {
  return db
    .selectFrom('transcript_entries')
    .where('session_id', '=', sessionId)
    .where('agent_session_id', '=', agentSessionId)
    .where('subpath', '=', mainConversation);
}

/** SQLite allows 32,766 parameters in one statement. */
const rowsPerInsert = 1_000;

/** Within a write transaction. An entry whose `uuid` is there already is left out. */
export async function insertEntries(
  db: Kysely<Tables>,
  sessionId: string,
  batch: TranscriptBatch,
): Promise<void> {
  const rows = batch.entries.map((entry) => ({
    session_id: sessionId,
    agent_session_id: batch.agentSessionId,
    subpath: batch.subpath ?? mainConversation,
    uuid: entry.uuid ?? null,
    entry_json: JSON.stringify(entry),
  }));
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await db
      .insertInto('transcript_entries')
      .values(rows.slice(from, from + rowsPerInsert))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
