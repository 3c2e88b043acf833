/** What a scenario has while it is played: the session through the public client, and what it has asked for so far. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswer, TemporalUnreachable } from '../../src/client.ts';
import type { Harvest, Session, TurnResult } from '../../src/client.ts';
import type { Lane } from '../lane/lane.ts';

/** A prompt that was sent, and what must come of it whatever fails. */
export type SentPrompt = {
  id: string;
  text: string;
  /** Stands in its text and nowhere else. */
  mark: string;
  /** What the agent says at its end; null when it is interrupted before. */
  answer: string | null;
  /** Types of events, one of which ends it. */
  endings: readonly string[];
  /** Each is caused once by the turn. */
  effects: readonly string[];
  /** The turn that it steers. */
  within?: string;
};

export type SentExec = { id: string; effects: readonly string[] };

export type Play = {
  lane: Lane;
  harvest: Harvest;
  /** The session id, which also names the run everywhere else. */
  run: string;
  /** URL of the session's own repository. */
  repository: string;
  /** Of the session, beside the scenario's own. */
  options: Readonly<Record<string, unknown>>;
  session: Session;
  prompts: SentPrompt[];
  execs: SentExec[];
  /** Pushes that the git server must have seen. */
  pushes: number;
};

export type PromptPlan = {
  /** Lines of the model's script, before its answer. */
  script: (command: (effect: string) => string) => readonly string[];
  effects?: readonly string[];
  /** Default: `turn.completed`. */
  endings?: readonly string[];
  /** Default: `done <id>`. Null: what the agent says is not known before. */
  answer?: string | null;
  within?: string;
};

/** Notes the prompt as sent and gives its text. */
export function planPrompt(play: Play, id: string, plan: PromptPlan): string {
  const { lane, run } = play;
  const mark = `This is request ${id} of ${run}.`;
  const answer = plan.answer === undefined ? `done ${id}` : plan.answer;
  const { effects = [], endings = ['turn.completed'], within } = plan;
  const lines = plan.script((effect) => lane.effects.command(run, effect));
  const text = [mark, ...lines, ...(plan.answer === undefined ? [`!say ${answer}`] : [])].join('\n');
  play.prompts.push({
    id,
    text,
    mark,
    answer,
    endings,
    effects,
    ...(within === undefined ? {} : { within }),
  });
  return text;
}

/** Sends a prompt and waits for its end. */
export async function turn(play: Play, id: string, plan: PromptPlan): Promise<TurnResult> {
  const text = planPrompt(play, id, plan);
  return insist(async () => play.session.prompt(text, { id }).result());
}

const patienceMs = 60_000;
const pauseMs = 200;

/** What the client's errors advise: as long as the outcome is unknown, the same again. */
export async function insist<T>(ask: () => PromiseLike<T>): Promise<T> {
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const unknown = error instanceof NoAnswer || error instanceof TemporalUnreachable;
      if (!unknown || Date.now() > deadlineMs) throw error;
      await sleep(pauseMs);
    }
  }
}
