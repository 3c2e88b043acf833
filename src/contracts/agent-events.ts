/** The events that come from the agent's own messages. */
import * as z from 'zod';
import { event } from './event.ts';

/** The event log has only the beginning of a text of so many bytes; the whole is kept in the agent's transcript alone. */
const cutSchema = z.object({ bytes: z.number() });

export const agentEventSchemas = [
  event('agent.ready', {
    agentSessionId: z.string(),
    model: z.string(),
    version: z.string(),
    tools: z.number(),
  }),
  /** A piece of the agent's text as it comes; pieces of one `messageId` and `block` follow each other. */
  event('agent.text.delta', { messageId: z.string(), block: z.number(), text: z.string() }),
  /** A whole block of the agent's text, after its pieces. */
  event('agent.text', { messageId: z.string(), text: z.string() }),
  event('agent.thinking.delta', { messageId: z.string(), block: z.number(), text: z.string() }),
  event('tool.started', {
    toolUseId: z.string(),
    name: z.string(),
    input: z.unknown(),
    parentToolUseId: z.string().optional(),
  }),
  event('tool.finished', {
    toolUseId: z.string(),
    isError: z.boolean(),
    output: z.string(),
    cut: cutSchema.optional(),
  }),
  event('agent.retrying', { attempt: z.number(), delayMs: z.number(), message: z.string() }),
  /** Any other message of the agent, as it is: `kind` is its type, or type/subtype. */
  event('agent.message', { kind: z.string(), message: z.unknown() }),
] as const;
