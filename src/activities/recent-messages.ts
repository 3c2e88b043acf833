/** The last messages of a session from its event log: what the agent is told when its transcript cannot be had. */
import { bounds } from '../contracts/bounds.ts';
import { isTurnEnd } from '../contracts/events.ts';
import type { RecentMessage } from '../contracts/supervisor.ts';
import type { StoreReader } from '../store/store.ts';

const types = ['prompt.queued', 'turn.completed', 'turn.interrupted', 'turn.failed'] as const;

export async function recentMessages(store: StoreReader, sessionId: string): Promise<RecentMessage[]> {
  // A turn leaves one prompt and at most one answer.
  const events = await store.events.readLast(sessionId, { limit: 2 * bounds.recentMessages, types });
  const messages = events.flatMap((event): RecentMessage[] => {
    if (event.type === 'prompt.queued') return [{ role: 'user', text: event.data.text }];
    const answered = isTurnEnd(event) && event.data.answer !== '';
    return answered ? [{ role: 'assistant', text: event.data.answer }] : [];
  });
  return messages.slice(-bounds.recentMessages);
}
