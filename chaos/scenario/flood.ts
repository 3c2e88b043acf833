/** Messages that arrive while the session continues as new: a steady stream of prompts, by update and by signal in turn. */
import { workflowIdOf } from '../../src/contracts/ids.ts';
import { promptSignal } from '../../src/contracts/session-messages.ts';
import { insist, planPrompt } from './play.ts';
import type { Play, PromptPlan } from './play.ts';
import { scenario } from './steps.ts';
import type { Step } from './steps.ts';

const prompts = 40;
/** Below the bound of the queue. */
const waiting = 10;

/** So many prompts to one with a side effect. */
const effectEvery = 5;

const [start, terminate] = [scenario[0], scenario.at(-1)];

export const flood: readonly Step[] = [
  ...(start === undefined ? [] : [start]),
  { name: 'flood', run: sendMany },
  { name: 'repeat', run: repeatSome },
  ...(terminate === undefined ? [] : [terminate]),
];

async function sendMany(play: Play): Promise<void> {
  const underWay = new Set<Promise<unknown>>();
  for (let number = 1; number <= prompts; number += 1) {
    const id = `flood-${number}`;
    const text = planPrompt(play, id, withEffect(number % effectEvery === 0 ? [id] : []));
    const sent = send(play, { id, text, bySignal: number % 2 === 0 });
    const done = sent.finally(() => underWay.delete(done));
    underWay.add(done);
    if (underWay.size >= waiting) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

function withEffect(effects: readonly string[]): PromptPlan {
  return { effects, script: (command) => effects.map((effect) => `!bash ${command(effect)}`) };
}

/** Callers that had no answer send the same again, runs of the session later: nothing comes of it. */
async function repeatSome(play: Play): Promise<void> {
  const sent = play.prompts.filter(({ effects }) => effects.length > 0);
  for (const { id, text } of sent) await signalPrompt(play, { id, text });
  await send(play, { id: 'last', text: planPrompt(play, 'last', withEffect([])), bySignal: false });
}

async function send(play: Play, prompt: { id: string; text: string; bySignal: boolean }): Promise<void> {
  const { id, text, bySignal } = prompt;
  if (!bySignal) return void (await insist(async () => play.session.prompt(text, { id }).result()));
  await signalPrompt(play, { id, text });
  for await (const event of play.session.events()) {
    const over = event.type === 'turn.completed' || event.type === 'turn.failed';
    if (over && event.turnId === id) return;
  }
  throw new Error(`the session closed before turn ${id} ended`);
}

/** As a caller without our client would; again and again until the server has it. */
export async function signalPrompt(
  { lane, run }: Pick<Play, 'lane' | 'run'>,
  payload: { id: string; text: string },
): Promise<void> {
  const handle = lane.client.workflow.getHandle(workflowIdOf(run));
  for (let tries = 1; ; tries += 1) {
    try {
      return await lane.client.withDeadline(Date.now() + 5_000, async () =>
        handle.signal(promptSignal, payload),
      );
    } catch (error) {
      if (tries === 10) throw error;
    }
  }
}
