/** The ids of our messages to the agent, by which its transcript shows whether it has read them. */
import { createHash } from 'node:crypto';

export type Uuid = `${string}-${string}-${string}-${string}-${string}`;

/**
 * The same for the same run of the same turn in the same generation and different for any other: the agent drops a message
 * whose id its transcript already holds, without a word and without a result.
 */
export function messageUuid(scope: string, run: number): Uuid {
  const hex = createHash('sha256').update(`${scope} ${run}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
