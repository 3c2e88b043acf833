/** The last messages of a session from its event log: what the agent is told when its transcript cannot be had. */
import { bounds } from '../contracts/bounds.ts';
import type { Checkpoint } from '../contracts/checkpoint.ts';
import { isTurnEnd } from '../contracts/events.ts';
import type { RecentMessage } from '../contracts/supervisor.ts';
import type { StoreReader } from '../store/store.ts';

/** Newest messages of which those up to the checkpoint are told. */
const looked = 500;

const types = ['prompt.queued', 'turn.completed', 'turn.interrupted', 'turn.failed'] as const;

/** Those that belong to the checkpoint: what came after it is nothing that the agent did, after a rewind. */
export async function recentMessages(
  store: StoreReader,
  { sessionId, turnId, at }: Pick<Checkpoint, 'sessionId' | 'turnId' | 'at'>,
): Promise<RecentMessage[]> {
  if (turnId === null) return [];
  const events = await store.events.readLast(sessionId, { limit: looked, types });
  const messages = events
    .filter((event) => event.at <= at)
    .flatMap((event): RecentMessage[] => {
      if (event.type === 'prompt.queued') return [{ role: 'user', text: event.data.text }];
      const answered = isTurnEnd(event) && event.data.answer !== '';
      return answered ? [{ role: 'assistant', text: event.data.answer }] : [];
    });
  return messages.slice(-bounds.recentMessages);
}
