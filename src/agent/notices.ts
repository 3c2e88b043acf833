/** What is said to the agent besides the caller's own prompt. */
import type { RecentMessage } from '../contracts/supervisor.ts';

export type ContinuationCause = 'agent-died' | 'supervisor-died' | 'silent';

const continuationCauses: Record<ContinuationCause, string> = {
  'agent-died': 'the agent process ended unexpectedly',
  'supervisor-died': 'the program that drives you ended unexpectedly',
  silent: 'nothing was heard from you for a long time',
};

/** Said instead of the prompt when a turn is continued: the conversation already holds the prompt. */
export function continuationNotice(input: { cause: ContinuationCause; count: number }): string {
  return [
    `[Harvest] Your work on the last message was cut off: ${continuationCauses[input.cause]}`,
    input.count > 1 ? ` (${input.count} times by now).` : '.',
    ' Commands that were running were ended; their effects may be partial.',
    ' Look at the state of the files and of git, then go on where you were. Do not start over what is already done.',
  ].join('');
}

/**
 * Puts the last messages, oldest first, before a prompt whose conversation is lost: one `role: text` line each under
 * "Previous conversation:", then the prompt.
 */
export function enrichWithRecentMessages(prompt: string, messages: readonly RecentMessage[]): string {
  if (messages.length === 0) return prompt;
  const lines = messages.map((message) => `${message.role}: ${message.text}`);
  return `Previous conversation:\n${lines.join('\n')}\n\nUser: ${prompt}\n`;
}
