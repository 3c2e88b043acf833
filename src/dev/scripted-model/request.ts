/** A request to the model, parsed. */
import * as z from 'zod';
import { invalidRequest } from './api-error.ts';

/**
 * The shape of a Messages API request as far as the real API refuses what differs. Fields that come with beta headers pass through:
 * only what a wrong transcript or a wrong proxy could break is strict.
 */
const cacheControl = z.looseObject({ type: z.literal('ephemeral') }).nullish();
const textBlock = z.looseObject({
  type: z.literal('text'),
  text: z.string().min(1, 'text content blocks must be non-empty'),
  cache_control: cacheControl,
});
const toolUseBlock = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  name: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
  cache_control: cacheControl,
});
const toolResultBlock = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
  is_error: z.boolean().nullish(),
  cache_control: cacheControl,
});
const contentBlock = z.discriminatedUnion('type', [
  textBlock,
  toolUseBlock,
  toolResultBlock,
  z.looseObject({ type: z.literal('image'), source: z.looseObject({}), cache_control: cacheControl }),
  z.looseObject({ type: z.literal('document'), source: z.looseObject({}), cache_control: cacheControl }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string().min(1) }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() }),
]);
const turnMessage = z.looseObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.string().min(1), z.array(contentBlock).min(1)]),
});
/** The CLI tells the model of its surroundings by such messages in the middle of the conversation. */
const systemMessage = z.looseObject({
  role: z.literal('system'),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
});
const message = z.discriminatedUnion('role', [turnMessage, systemMessage]);
const tool = z.looseObject({ name: z.string().min(1), cache_control: cacheControl });
const systemPrompt = z.union([z.string().min(1), z.array(textBlock).min(1)]);

const requestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  max_tokens: z.int().positive(),
  system: systemPrompt.optional(),
  tools: z.array(tool).optional(),
  stream: z.boolean().optional(),
});
const countSchema = requestSchema.omit({ max_tokens: true, stream: true });

export type ContentBlock = z.infer<typeof contentBlock>;
export type RequestMessage = z.infer<typeof message>;
export type MessagesRequest = z.infer<typeof requestSchema>;
export type CountTokensRequest = z.infer<typeof countSchema>;

/** Throws ApiError 400, as the real API does. */
export function parseMessagesRequest(body: unknown): MessagesRequest {
  const request = parse(requestSchema, body);
  if (hasTools(request) && request.system === undefined) {
    throw invalidRequest(
      'system: a request with tools comes from the agent and must carry its system prompt',
    );
  }
  return request;
}

export function parseCountTokensRequest(body: unknown): CountTokensRequest {
  return parse(countSchema, body);
}

/** Requests without tools (titles, summaries) are not turns of the agent. */
export function hasTools(request: Pick<MessagesRequest, 'tools'>): boolean {
  return (request.tools ?? []).length > 0;
}

export function blocksOf(message: RequestMessage): ContentBlock[] {
  if (message.role === 'system') return [];
  return typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
}

/** About what the real tokenizer counts, and the same for the same request. */
export function inputTokens(request: CountTokensRequest): number {
  const counted = [request.system, request.tools, request.messages];
  return Math.ceil(JSON.stringify(counted).length / 4);
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalidRequest(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid request'}`);
}
