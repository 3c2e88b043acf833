/** Answers to what the CLI asks beside the turns of the agent. */
import type { Conversation } from './conversation.ts';
import type { Plan } from './plan.ts';
import { say } from './steps.ts';

const summaryOrder =
  /Your task is to create a detailed summary of (the conversation|this conversation|the recent)/;

/**
 * The answer to a request that is no turn of the agent: titles and the like come without tools; the CLI's order to compact the
 * conversation comes with them. Undefined for a turn.
 */
export function planSideAnswer(conversation: Conversation, withTools: boolean): Plan | undefined {
  const newest = conversation.promptTexts[0] ?? '';
  if (summaryOrder.test(newest)) return { promptText: '', steps: [{ step: say(summarize), index: 0 }] };
  return withTools ? undefined : { promptText: '', steps: [{ step: say('Scripted session'), index: 0 }] };
}

/** All that the user said, quoted so that no line of it is a directive again: what was asked to be remembered outlives a compaction. */
function summarize({ userTexts }: Conversation): string {
  const quoted = userTexts.slice(0, -1).flatMap((text) => text.split('\n').map((line) => `> ${line}`));
  return `<analysis>The user's messages in their order.</analysis>\n<summary>\n${quoted.join('\n')}\n</summary>`;
}
