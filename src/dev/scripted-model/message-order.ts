/** What the real API demands of a conversation's order. */
import { invalidRequest } from './api-error.ts';
import { blocksOf, type ContentBlock, type MessagesRequest } from './request.ts';

type Exchange = {
  role: 'user' | 'assistant';
  blocks: ContentBlock[];
  /** Position of its first message in the request, for the error's text. */
  index: number;
};

const cacheControlLimit = 4;

/**
 * Throws ApiError 400 for conversations that the real API refuses: a transcript that was cut, doubled or put together wrongly shows here.
 * Like the real API it joins messages of one role that follow each other.
 */
export function checkMessageOrder(request: MessagesRequest): void {
  const exchanges = joinRoles(request);
  const first = exchanges[0];
  if (first?.role !== 'user') throw invalidRequest('messages: first message must use the "user" role');
  if (exchanges.at(-1)?.role !== 'user') {
    throw invalidRequest('messages: the conversation must end with a user message');
  }
  checkToolPairs(exchanges);
  checkToolNames(request);
  checkCacheControl(request);
}

function joinRoles(request: MessagesRequest): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const [index, message] of request.messages.entries()) {
    if (message.role === 'system') continue;
    const last = exchanges.at(-1);
    if (last?.role === message.role) last.blocks.push(...blocksOf(message));
    else exchanges.push({ role: message.role, blocks: [...blocksOf(message)], index });
  }
  return exchanges;
}

function checkToolPairs(exchanges: readonly Exchange[]): void {
  const seen = new Set<string>();
  let open: string[] = [];
  for (const { role, blocks, index } of exchanges) {
    const used = blocks.filter((block) => block.type === 'tool_use').map((block) => block.id);
    const answered = blocks.filter((block) => block.type === 'tool_result').map((block) => block.tool_use_id);
    if (role === 'user' && used.length > 0)
      throw invalidRequest(`messages.${index}: tool_use in a user message`);
    if (role === 'assistant' && answered.length > 0) {
      throw invalidRequest(`messages.${index}: tool_result in an assistant message`);
    }
    for (const id of used) {
      if (seen.has(id)) throw invalidRequest(`messages.${index}: \`tool_use\` ids must be unique: ${id}`);
      seen.add(id);
    }
    if (role === 'assistant') {
      open = used;
      continue;
    }
    const missing = open.filter((id) => !answered.includes(id));
    if (missing.length > 0) {
      throw invalidRequest(
        `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}`,
      );
    }
    const unexpected = answered.filter((id) => !open.includes(id));
    if (unexpected.length > 0) {
      throw invalidRequest(
        `messages.${index}: unexpected \`tool_use_id\` in \`tool_result\` blocks: ${unexpected.join(', ')}`,
      );
    }
    if (new Set(answered).size !== answered.length) {
      throw invalidRequest(`messages.${index}: each tool_use must have a single result`);
    }
    open = [];
  }
}

function checkToolNames(request: MessagesRequest): void {
  const names = (request.tools ?? []).map((tool) => tool.name);
  if (new Set(names).size !== names.length) throw invalidRequest('tools: Tool names must be unique.');
}

function checkCacheControl(request: MessagesRequest): void {
  const blocks = [
    ...(request.tools ?? []),
    ...(Array.isArray(request.system) ? request.system : []),
    ...request.messages.flatMap(blocksOf),
  ];
  const marked = blocks.filter((block) => Boolean(block['cache_control'])).length;
  if (marked > cacheControlLimit) {
    throw invalidRequest(
      `A maximum of ${cacheControlLimit} blocks with cache_control may be provided. Found ${marked}.`,
    );
  }
}
