/** What was said within a turn, as far as this process was told it. The journal has the ids, the texts come with the requests. */
import { steerNotice } from '../../agent/notices.ts';
import type { Steer } from '../../contracts/prompt.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import { steerUuid } from '../agent-session/message-uuid.ts';

export class ToldSteers {
  #turnId: string | null = null;
  readonly #steers = new Map<string, Steer>();

  /** Those of another turn are forgotten: one turn runs at a time. */
  add(turnId: string, steer: Steer): void {
    if (this.#turnId !== turnId) this.#steers.clear();
    this.#turnId = turnId;
    this.#steers.set(steer.promptId, steer);
  }

  of(turnId: string): Steer[] {
    return this.#turnId === turnId ? [...this.#steers.values()] : [];
  }
}

export type SteersAt = { sessionId: string; turnId: string; entries: readonly TranscriptEntry[] };

/** What is added to a message of ours for those that the conversation does not hold; empty when it holds them all. */
export function tellSteers(steers: readonly Steer[], { sessionId, turnId, entries }: SteersAt): string {
  if (steers.length === 0) return '';
  const ids = new Set(entries.map(({ uuid }) => uuid));
  const said = entries
    .filter(({ type }) => type === 'user')
    .map((entry) => JSON.stringify(entry['message']) ?? '')
    .join('\n');
  const isHeld = ({ promptId }: Steer): boolean =>
    ids.has(steerUuid({ sessionId, turnId, promptId })) || said.includes(steerNotice(promptId));
  return steers
    .filter((steer) => !isHeld(steer))
    .map(({ promptId, text }) => `\n\n${steerNotice(promptId)}\n${text}`)
    .join('');
}
