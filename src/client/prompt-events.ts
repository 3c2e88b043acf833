/** The events of one prompt: those of its own turn and, while it steers another one, those of that turn that name it. */
import { isTurnEnd, turnEndTypes } from '../contracts/index.ts';
import type { SessionEvent, SessionEventOf } from '../contracts/index.ts';

/** One of them ends every prompt, exactly once. */
export const promptEndTypes = [...turnEndTypes, 'prompt.cancelled', 'turn.steered'] as const;
export type PromptEndEvent = SessionEventOf<(typeof promptEndTypes)[number]>;

/** What a prompt begins and ends with. */
export const promptEdgeTypes = ['prompt.queued', 'turn.steering', ...promptEndTypes] as const;

export function isOfPrompt(event: SessionEvent, promptId: string): boolean {
  if (event.turnId === promptId) return true;
  const steers = event.type === 'turn.steering' || event.type === 'turn.steered';
  return steers && event.data.promptId === promptId;
}

export function isEndOfPrompt(event: SessionEvent, promptId: string): event is PromptEndEvent {
  // The envelope of this one names the turn that was steered, which goes on.
  if (event.type === 'turn.steered') return event.data.promptId === promptId;
  return event.turnId === promptId && (isTurnEnd(event) || event.type === 'prompt.cancelled');
}
