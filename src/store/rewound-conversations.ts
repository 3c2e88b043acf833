/** Which conversation a session goes on with after a rewind: entries that were there before do not count by their age any more. */
import type { Kysely, Selectable } from 'kysely';
import type { Tables } from './schema.ts';

/** Null while the session was never rewound. */
export async function rewoundConversation(
  db: Kysely<Tables>,
  sessionId: string,
): Promise<Selectable<Tables['rewound_conversations']> | null> {
  const rewound = await db
    .selectFrom('rewound_conversations')
    .selectAll()
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return rewound ?? null;
}

/** Within a write transaction. Null: as before the first turn. */
export async function rewindConversation(
  db: Kysely<Tables>,
  sessionId: string,
  agentSessionId: string | null,
): Promise<void> {
  const newest = await db
    .selectFrom('transcript_entries')
    .select((expression) => expression.fn.max<number | null>('ordinal').as('ordinal'))
    .executeTakeFirst();
  const content = { agent_session_id: agentSessionId, entries_until: newest?.ordinal ?? 0 };
  await db
    .insertInto('rewound_conversations')
    .values({ session_id: sessionId, ...content })
    .onConflict((conflict) => conflict.column('session_id').doUpdateSet(content))
    .execute();
}
