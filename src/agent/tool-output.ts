/** The text of a tool's result, as the agent saw it. */
import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

type UserContent = Exclude<SDKUserMessage['message']['content'], string>[number];
type ToolResultContent = Extract<UserContent, { type: 'tool_result' }>['content'];

/** Parts that are no text (images, documents) are named by their type. */
export function toolOutputText(content: ToolResultContent): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n');
}
