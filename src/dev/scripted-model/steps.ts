/** The vocabulary of scripts. */
import type { Conversation } from './conversation.ts';

/**
 * What a script is made of. The model answers one request at a time, and a tool call ends an answer: so the steps of a turn are cut behind
 * every `callTool` into answers, and the n-th answer is given to the request that carries n tool results since the prompt. No step has
 * memory of its own except the counted failures (failure-counts.ts).
 */
export type Step =
  /** Streams the text word by word; with `delayMs` it rests that long between the words. */
  | { kind: 'say'; text: FromConversation<string>; delayMs?: number }
  /** A thinking block before what follows. */
  | { kind: 'think'; text: string }
  /** `count` small text deltas ("1 ", "2 ", …). */
  | { kind: 'stream'; count: number; delayMs?: number }
  /** The CLI really runs it; the next step sees its result in the conversation. */
  | { kind: 'callTool'; name: string; input: FromConversation<Record<string, unknown>> }
  | { kind: 'wait'; delayMs: number }
  /** Answers with the HTTP status, the first `times` times; behind an output of the same answer it is an `error` event in the stream. */
  | { kind: 'fail'; status: FailureStatus; times: number; retryAfterSeconds?: number }
  /** Accepts the request and never answers (further), the first `times` times; every time without `times`. */
  | { kind: 'hang'; times?: number }
  /** Cuts the TCP connection in mid-stream, the first `times` times. */
  | { kind: 'cut'; times: number };

export type FailureStatus = 429 | 500 | 529;

/** A value, or how to make it from the conversation that the request carries. */
export type FromConversation<T extends string | Record<string, unknown>> =
  | T
  | ((conversation: Conversation) => T);

/** One turn of a script: the prompts that it answers, and how. */
type ScriptedTurn = {
  /** Tried on the prompt's text without the notices around it. */
  prompt: RegExp | ((promptText: string) => boolean);
  steps: readonly Step[];
};

export type Script = {
  name: string;
  turns: readonly ScriptedTurn[];
};

export function say(text: FromConversation<string>, delayMs?: number): Step {
  return { kind: 'say', text, ...(delayMs === undefined ? {} : { delayMs }) };
}

export function callTool(name: string, input: FromConversation<Record<string, unknown>>): Step {
  return { kind: 'callTool', name, input };
}

export function bash(command: string, timeoutSeconds?: number): Step {
  const timeout = timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds * 1000 };
  return callTool('Bash', { command, description: 'Run a command', ...timeout });
}

/** What `recall` says when the conversation does not hold the word: distinct, so that a test cannot take it for an answer. */
export const nothingRemembered = 'I do not remember: nothing like that is in our conversation.';

/** Says the newest match (its first group, if it has one) in what the user said so far; only the request is searched. */
export function recall(pattern: RegExp): Step {
  return say((conversation) => {
    const word = conversation.recall(pattern);
    return word === undefined ? nothingRemembered : `I remember: ${word}`;
  });
}
