/** Which steps of a script answer a request. */
import type { Conversation } from './conversation.ts';
import { parseDirectives } from './directives.ts';
import { say, type Script, type Step } from './steps.ts';

/** The part of a script that answers one request. */
export type Plan = {
  /** The prompt being answered, without notices; counted failures are told apart by it. */
  promptText: string;
  /** Steps with their place in the whole turn. */
  steps: readonly { step: Step; index: number }[];
};

/**
 * Chooses by the newest prompt that has a script: its own directives first, then the registered scripts in their order. A prompt that has
 * none is answered with a sentence that says so: a person may type anything into a development stack.
 */
export function planAnswer(conversation: Conversation, scripts: readonly Script[]): Plan {
  for (const [promptIndex, promptText] of conversation.promptTexts.entries()) {
    const steps = stepsFor(promptText, scripts);
    if (steps === undefined) continue;
    return { promptText, steps: answerSteps(steps, conversation.roundsSince(promptIndex)) };
  }
  const promptText = conversation.promptTexts[0] ?? '';
  return { promptText, steps: [{ step: say(unscripted(promptText)), index: 0 }] };
}

function stepsFor(promptText: string, scripts: readonly Script[]): readonly Step[] | undefined {
  const directives = parseDirectives(promptText);
  if (directives !== undefined) return directives;
  const turns = scripts.flatMap((script) => script.turns);
  return turns.find(({ prompt }) =>
    prompt instanceof RegExp ? matches(prompt, promptText) : prompt(promptText),
  )?.steps;
}

/** A global regular expression keeps its place between calls; the search must not. */
function matches(pattern: RegExp, text: string): boolean {
  return text.search(pattern) !== -1;
}

/** The steps behind the `rounds`-th tool call, up to and with the next one. */
function answerSteps(steps: readonly Step[], rounds: number): Plan['steps'] {
  let round = 0;
  const answer: { step: Step; index: number }[] = [];
  for (const [index, step] of steps.entries()) {
    if (round === rounds) answer.push({ step, index });
    if (step.kind === 'callTool') round += 1;
    if (round > rounds) break;
  }
  return answer;
}

function unscripted(promptText: string): string {
  return `I am a scripted model and have no script for this prompt: ${promptText.slice(0, 200)}`;
}
