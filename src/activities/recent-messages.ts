/** The last messages of a session from its event log: what the agent is told when its transcript cannot be had. */
import { isTurnEnd } from '../contracts/events.ts';
import type { StoreReader } from '../store/store.ts';

export type RecentMessage = { role: 'user' | 'assistant'; text: string };

const newest = 10;

export async function recentMessages(store: StoreReader, sessionId: string): Promise<RecentMessage[]> {
  const messages: RecentMessage[] = [];
  const types = ['prompt.queued', 'turn.completed', 'turn.interrupted', 'turn.failed'] as const;
  let after = 0;
  for (;;) {
    const events = await store.events.read(sessionId, { after, limit: 1_000, types });
    for (const event of events) {
      if (event.type === 'prompt.queued') messages.push({ role: 'user', text: event.data.text });
      else if (isTurnEnd(event) && event.data.answer !== '')
        messages.push({ role: 'assistant', text: event.data.answer });
    }
    const last = events.at(-1);
    if (last === undefined) return messages.slice(-newest);
    after = last.seq;
  }
}
