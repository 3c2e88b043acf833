/** The ids of our messages to the agent, by which its transcript shows whether it has read them. */
import { createHash } from 'node:crypto';

export type Uuid = `${string}-${string}-${string}-${string}-${string}`;

export type RunAt = { sessionId: string; generation: number; turnId: string; run: number };

/** Of the message that begins a run of a turn. */
export function runUuid({ sessionId, generation, turnId, run }: RunAt): Uuid {
  return messageUuid(`${sessionId} ${generation} ${turnId}`, run);
}

/** Of what is said within a turn: once in a conversation, in whatever generation. */
export function steerUuid(at: { sessionId: string; turnId: string; promptId: string }): Uuid {
  return messageUuid(`${at.sessionId} ${at.turnId} steer ${at.promptId}`, 0);
}

/**
 * The same for the same run of the same turn in the same generation and different for any other: the agent drops a message
 * whose id its transcript already holds, without a word and without a result.
 */
export function messageUuid(scope: string, run: number): Uuid {
  const hex = createHash('sha256').update(`${scope} ${run}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
