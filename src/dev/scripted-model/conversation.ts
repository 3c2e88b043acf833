/** What a request to the model tells of its conversation. */
import { blocksOf, type ContentBlock, type MessagesRequest } from './request.ts';
import { isContinuation, isNotice, withoutNotices } from './notices.ts';

/**
 * What the model knows: the request and nothing else. Which prompt is being answered and how far its script is follow from the messages
 * alone, so a restarted model server, a resumed CLI and a second session continue properly.
 */
export type Conversation = {
  /** Texts of the user that may be the prompt being answered, newest first: behind a notice to continue stands what is continued. */
  promptTexts: readonly string[];
  /** Tool calls that were answered since the n-th of `promptTexts`. */
  roundsSince(promptIndex: number): number;
  /** All that the user said, oldest first, without notices. */
  userTexts: readonly string[];
  /** The newest tool result of the conversation. */
  lastToolResult: { text: string; isError: boolean } | undefined;
  /** First group (or the whole) of the newest match in what the user said; directive lines and tool results do not count. */
  recall(pattern: RegExp): string | undefined;
};

type Located = {
  block: ContentBlock;
  role: 'user' | 'assistant';
};

type Prompt = {
  text: string;
  position: number;
};

export function readConversation(request: MessagesRequest): Conversation {
  const blocks: Located[] = request.messages.flatMap((message) => {
    const { role } = message;
    return role === 'system' ? [] : blocksOf(message).map((block) => ({ block, role }));
  });
  const prompts = promptsOf(blocks);
  const results = blocks.map(({ block }) => block).filter((block) => block.type === 'tool_result');
  const lastResult = results.at(-1);
  return {
    promptTexts: prompts.map((prompt) => prompt.text),
    roundsSince: (promptIndex) => finishedRounds(blocks.slice(prompts[promptIndex]?.position ?? 0)),
    userTexts: userTexts(blocks),
    lastToolResult:
      lastResult === undefined
        ? undefined
        : { text: resultText(lastResult.content), isError: lastResult.is_error === true },
    recall: (pattern) => recallFrom(blocks, pattern),
  };
}

function promptsOf(blocks: readonly Located[]): Prompt[] {
  const prompts: Prompt[] = [];
  for (const [position, { block, role }] of [...blocks.entries()].reverse()) {
    if (role !== 'user' || block.type !== 'text') continue;
    const text = withoutNotices(block.text);
    if (isNotice(text)) continue;
    prompts.push({ text, position });
    if (!isContinuation(text)) break;
  }
  return prompts;
}

function userTexts(blocks: readonly Located[]): string[] {
  return blocks.flatMap(({ block, role }) => {
    if (role !== 'user' || block.type !== 'text') return [];
    const text = withoutNotices(block.text);
    return isNotice(text) ? [] : [text];
  });
}

/**
 * What the CLI puts in place of a result: interrupted by the user, left by who answers for the user, or the process died (a
 * later one does not know the outcome).
 */
const interruptedResult =
  /^(?:The user doesn't want to (?:proceed with this tool use|take this action)|\[Request interrupted by user|\[Tool (?:call|use) interrupted|\[Tool result missing)/;

/** A call that was interrupted is made again when the turn is continued, so it is no finished round. */
function finishedRounds(blocks: readonly Located[]): number {
  return blocks.filter(
    ({ block }) => block.type === 'tool_result' && !interruptedResult.test(resultText(block.content)),
  ).length;
}

type ResultContent = Extract<ContentBlock, { type: 'tool_result' }>['content'];

function resultText(content: ResultContent): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return content;
  return content.map((part) => (typeof part['text'] === 'string' ? part['text'] : '')).join('\n');
}

function recallFrom(blocks: readonly Located[], pattern: RegExp): string | undefined {
  const global = new RegExp(
    pattern.source,
    pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`,
  );
  for (const { block, role } of blocks.toReversed()) {
    if (role !== 'user' || block.type !== 'text') continue;
    const said = block.text.replaceAll(/^\s*![a-z].*$/gm, '');
    const match = [...said.matchAll(global)].at(-1);
    if (match !== undefined) return match[1] ?? match[0];
  }
  return undefined;
}
