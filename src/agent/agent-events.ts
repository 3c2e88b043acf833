/**
 * How the agent's messages become events: the one place that knows the shapes of the Agent SDK's stream. Pure but for what
 * a stream leaves to its reader: which message its pieces belong to, and what was already told. Nothing is redacted or cut
 * here (I11): redact what comes out, then `boundEvent`.
 */
import type {
  SDKAPIRetryMessage,
  SDKAssistantMessage,
  SDKMessage,
  SDKPartialAssistantMessage,
  SDKSystemMessage,
  SDKUserMessage,
  SDKUserMessageReplay,
} from '@anthropic-ai/claude-agent-sdk';
import type { EventBody } from '../contracts/events.ts';
import type { DeltaBody } from './coalesce.ts';
import { agentResultOf, type AgentResult } from './results.ts';
import { toolOutputText } from './tool-output.ts';

export type AgentStep =
  | { kind: 'event'; body: EventBody }
  /** To be joined with its neighbours by the coalescer. */
  | { kind: 'delta'; body: DeltaBody }
  /** The turn's end. Nothing of this turn comes after it but informational messages. */
  | { kind: 'result'; result: AgentResult };

export type AgentEventMapper = { map(message: SDKMessage): AgentStep[] };

/** One for each agent process. */
export function createAgentEventMapper(): AgentEventMapper {
  const memory: Memory = { messageId: '', streamed: new Set(), ready: '' };
  return { map: (message) => mapMessage(message, memory) };
}

type Memory = {
  /** The message whose pieces are coming, of the main conversation. */
  messageId: string;
  /** Messages whose thinking came in pieces. */
  streamed: Set<string>;
  /** The last agent.ready as JSON: the agent says who it is at every turn, the event log says it when it changes. */
  ready: string;
};

function mapMessage(message: SDKMessage, memory: Memory): AgentStep[] {
  if (message.type === 'stream_event') return fromStreamEvent(message, memory);
  if (message.type === 'assistant') return fromAssistant(message, memory);
  if (message.type === 'user') return fromUser(message);
  if (message.type === 'system') return fromSystem(message, memory);
  if (message.type !== 'result') return isBookkeeping(message) ? [] : passedThrough(message);
  memory.streamed.clear();
  return [{ kind: 'result', result: agentResultOf(message) }];
}

/** Three for each prompt, on the queue inside the agent: the turn's own events say more. The SDK's types leave it out. */
function isBookkeeping(message: { type: string }): boolean {
  return message.type === 'command_lifecycle';
}

function fromStreamEvent(message: SDKPartialAssistantMessage, memory: Memory): AgentStep[] {
  // The pieces of a subagent's text would read as the agent's own; its tool calls are told from its whole messages.
  if (message.parent_tool_use_id !== null) return [];
  const { event } = message;
  if (event.type === 'message_start') memory.messageId = event.message.id;
  if (event.type !== 'content_block_delta') return [];
  const at = { messageId: memory.messageId, block: event.index };
  if (event.delta.type === 'text_delta') {
    return [{ kind: 'delta', body: { type: 'agent.text.delta', data: { ...at, text: event.delta.text } } }];
  }
  if (event.delta.type === 'thinking_delta') {
    memory.streamed.add(memory.messageId);
    const data = { ...at, text: event.delta.thinking };
    return data.text === '' ? [] : [{ kind: 'delta', body: { type: 'agent.thinking.delta', data } }];
  }
  return [];
}

/** While a response streams there is one of these for each finished block. */
function fromAssistant(message: SDKAssistantMessage, memory: Memory): AgentStep[] {
  // Written by the CLI in the model's place, for example when the API refused: not the agent's own words.
  if (message.message.model === '<synthetic>') return passedThrough(message);
  const messageId = message.message.id;
  const parentToolUseId = message.parent_tool_use_id;
  const steps: AgentStep[] = [];
  let leftOver = false;
  for (const [block, content] of message.message.content.entries()) {
    if (content.type === 'tool_use') {
      const data = { toolUseId: content.id, name: content.name, input: content.input };
      const parent = parentToolUseId === null ? {} : { parentToolUseId };
      steps.push(event({ type: 'tool.started', data: { ...data, ...parent } }));
    } else if (parentToolUseId === null && content.type === 'text') {
      steps.push(event({ type: 'agent.text', data: { messageId, text: content.text } }));
    } else if (parentToolUseId === null && content.type === 'thinking') {
      if (memory.streamed.has(messageId) || content.thinking === '') continue;
      const data = { messageId, block, text: content.thinking };
      steps.push({ kind: 'delta', body: { type: 'agent.thinking.delta', data } });
    } else {
      leftOver = true;
    }
  }
  return leftOver ? [...steps, ...passedThrough(message)] : steps;
}

function fromUser(message: SDKUserMessage | SDKUserMessageReplay): AgentStep[] {
  const { content } = message.message;
  // The agent confirms a change of its model, which `agent.ready` says as well.
  if (typeof content === 'string')
    return content.startsWith('<local-command-stdout>Set model') ? [] : passedThrough(message);
  const steps: AgentStep[] = [];
  let leftOver = false;
  for (const block of content) {
    if (block.type !== 'tool_result') {
      leftOver = true;
      continue;
    }
    const output = toolOutputText(block.content);
    const data = { toolUseId: block.tool_use_id, isError: block.is_error ?? false, output };
    steps.push(event({ type: 'tool.finished', data }));
  }
  return leftOver ? [...steps, ...passedThrough(message)] : steps;
}

function fromSystem(message: Extract<SDKMessage, { type: 'system' }>, memory: Memory): AgentStep[] {
  if (message.subtype === 'init') return fromInit(message, memory);
  if (message.subtype === 'api_retry') {
    return [event({ type: 'agent.retrying', data: retrying(message) })];
  }
  // An estimate for a progress bar, several a second; a request that begins: its first piece says so as well.
  if (message.subtype === 'thinking_tokens') return [];
  if (message.subtype === 'status' && message.status === 'requesting') return [];
  return passedThrough(message);
}

function fromInit(message: SDKSystemMessage, memory: Memory): AgentStep[] {
  const data = {
    agentSessionId: message.session_id,
    model: message.model,
    version: message.claude_code_version,
    tools: message.tools.length,
  };
  const told = JSON.stringify(data);
  if (memory.ready === told) return [];
  memory.ready = told;
  return [event({ type: 'agent.ready', data })];
}

function retrying(message: SDKAPIRetryMessage): { attempt: number; delayMs: number; message: string } {
  const cause =
    message.error_status === null ? 'did not answer or broke off' : `answered ${message.error_status}`;
  return {
    attempt: message.attempt,
    delayMs: message.retry_delay_ms,
    message: `the model's API ${cause}; retry ${message.attempt} of ${message.max_retries} follows`,
  };
}

/** A message this version does not know, or does not need: kept as it is, so that nothing is lost to who watches. */
function passedThrough(message: SDKMessage): AgentStep[] {
  const kind =
    'subtype' in message && typeof message.subtype === 'string'
      ? `${message.type}/${message.subtype}`
      : message.type;
  return [event({ type: 'agent.message', data: { kind, message } })];
}

function event(body: EventBody): AgentStep {
  return { kind: 'event', body };
}
