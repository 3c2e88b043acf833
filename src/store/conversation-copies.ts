/**
 * Copies of a conversation up to a position. A position counts a conversation's first entries: one that goes on from the
 * middle needs a conversation of its own, or what was said after it would come back with the next position.
 */
import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { Tables } from './schema.ts';
import type { TranscriptPosition } from './store.ts';
import { countEntries, mainConversation } from './transcripts.ts';

/** Where the session's conversation can go on from `position`: there, when it is its end, else in a copy. */
export async function branchConversation(
  db: Kysely<Tables>,
  sessionId: string,
  position: TranscriptPosition,
): Promise<TranscriptPosition> {
  const { agentSessionId, entries } = position;
  if ((await countEntries(db, sessionId, agentSessionId)) <= entries) return position;
  const to = { sessionId, agentSessionId: randomUUID() };
  await copyConversation(db, { from: { sessionId, position }, to });
  return { agentSessionId: to.agentSessionId, entries };
}

type ConversationCopy = {
  from: { sessionId: string; position: TranscriptPosition };
  to: { sessionId: string; agentSessionId: string };
};

/** In the same order, once. The agent writes its session id into its entries, too. */
export async function copyConversation(db: Kysely<Tables>, { from, to }: ConversationCopy): Promise<void> {
  const { agentSessionId, entries } = from.position;
  if ((await countEntries(db, to.sessionId, to.agentSessionId)) > 0) return;
  await sql`insert into transcript_entries (session_id, agent_session_id, subpath, uuid, entry_json)
    select ${to.sessionId}, ${to.agentSessionId}, subpath, uuid,
      json_replace(entry_json, '$.sessionId', ${to.agentSessionId})
    from transcript_entries
    where session_id = ${from.sessionId} and agent_session_id = ${agentSessionId} and subpath = ${mainConversation}
    order by ordinal limit ${entries}
    on conflict do nothing`.execute(db);
}
