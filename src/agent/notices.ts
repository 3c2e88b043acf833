/** What is said to the agent besides the caller's own prompt. */
import type { RecentMessage } from '../contracts/supervisor.ts';

type LossCause = 'agent-died' | 'supervisor-died' | 'silent';
export type ContinuationCause = LossCause | 'rollover';

const lossCauses: Record<LossCause, string> = {
  'agent-died': 'the agent process ended unexpectedly',
  'supervisor-died': 'the program that drives you ended unexpectedly',
  silent: 'nothing was heard from you for a long time',
};

/** Said instead of the prompt when a turn is continued: the conversation already holds the prompt. */
export function continuationNotice(input: { cause: ContinuationCause; count: number }): string {
  return [
    beginning(input),
    ' Commands that were running were ended; their effects may be partial.',
    // The agent itself writes so when nobody is there any more to answer for the user.
    ' Where a tool call was answered as refused or interrupted by the user, nobody did that.',
    ' Look at the state of the files and of git, then go on where you were. Do not start over what is already done.',
  ].join('');
}

function beginning({ cause, count }: { cause: ContinuationCause; count: number }): string {
  if (cause === 'rollover') {
    return (
      '[Harvest] Your work on the last message was stopped: your sandbox reached the end of its life, and you go on in a' +
      ' new one with the same files.'
    );
  }
  const often = count > 1 ? ` (${count} times by now).` : '.';
  return `[Harvest] Your work on the last message was cut off: ${lossCauses[cause]}${often}`;
}

/** Ahead of what somebody said while the agent was not there to hear it. With its id, so that it can be found again. */
export function steerNotice(promptId: string): string {
  return `[Harvest] This was said in the meantime (${promptId}):`;
}

export type RestoreLoss = {
  /** Of repositories: what did not come back, each a sentence. */
  notRestored: readonly string[];
  /** Where the conversation came from when it is not the agent's own any more. */
  conversation: 'event-log' | 'nothing' | null;
};

/** What a restore could not bring back, one line each; empty when it brought everything. */
export function restoreNotice({ notRestored, conversation }: RestoreLoss): string {
  const lines = notRestored.map(
    (sentence) => `[Harvest] After your sandbox was restored: ${sentence.replaceAll(/\s+/g, ' ')}`,
  );
  if (conversation === 'event-log') {
    lines.unshift(
      '[Harvest] Your own memory of this conversation was lost: only its last messages could be brought back, in short.',
    );
  }
  if (conversation === 'nothing') {
    lines.unshift('[Harvest] Your memory of the conversation before this message was lost.');
  }
  return lines.join('\n');
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
