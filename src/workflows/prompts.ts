/** Recording prompts: queued, said within the running turn, put first, or taken back (I1: nothing here acts). */
import { turnEndEventId } from '../contracts/ids.ts';
import type { PromptAccepted } from '../contracts/messages.ts';
import type { Prompt } from '../contracts/prompt.ts';
import type { PromptEnd } from '../contracts/turn.ts';
import { textHash } from './admission.ts';
import { isSpent } from './budget.ts';
import { begunTurn } from './decisions.ts';
import { endedKept, remember } from './remember.ts';
import { askForSandbox, newQueuedPrompt } from './session-data.ts';
import type { PendingSteer, QueuedPrompt } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

export function recordPrompt(run: SessionRun, prompt: Prompt): PromptAccepted {
  const { data } = run;
  if (!data.handled.some((handled) => handled.id === prompt.id)) {
    remember(data.handled, { id: prompt.id, hash: textHash(prompt.text) });
    run.touch();
    const begun = begunTurn(data);
    if (prompt.mode === 'steer' && begun !== null) steer(run, begun, prompt);
    else queue(run, prompt);
    run.showDetails();
  }
  return acceptedAs(run, prompt.id);
}

function steer(run: SessionRun, turn: QueuedPrompt, prompt: Prompt): void {
  const { id: promptId, text, author, options } = prompt;
  const said = { promptId, text, ...(author === undefined ? {} : { author }) };
  turn.steers.push({ ...said, ...(options === undefined ? {} : { options }), told: false });
  run.emit({ type: 'turn.steering', data: said }, { turnId: turn.id });
}

function queue(run: SessionRun, prompt: Prompt): void {
  const { data } = run;
  const begun = begunTurn(data);
  const isNext = prompt.mode === 'interrupt';
  const position = isNext ? (begun === null ? 0 : 1) : data.queue.length;
  enqueue(run, prompt, position);
  if (isNext && begun !== null) run.askToStop(begun.id, { kind: 'requested' });
}

/** A steering prompt that came too late for the turn: its own turn, next. */
export function queueLateSteer(run: SessionRun, { promptId, text, author, options }: PendingSteer): void {
  const given = {
    ...(author === undefined ? {} : { author }),
    ...(options === undefined ? {} : { options }),
  };
  // Behind the turn that is ending, before what waits.
  enqueue(run, { id: promptId, text, ...given }, 1);
}

function enqueue(run: SessionRun, prompt: Prompt, position: number): void {
  const { data } = run;
  data.queue.splice(position, 0, newQueuedPrompt(prompt));
  // One that waits for a raised budget needs no sandbox.
  if (!isSpent(data)) askForSandbox(data);
  const { id: turnId, options: _, ...shown } = prompt;
  run.emit({ type: 'prompt.queued', data: { ...shown, position } }, { turnId });
}

function acceptedAs({ data }: SessionRun, promptId: string): PromptAccepted {
  const steered = data.queue[0]?.steers.some((said) => said.promptId === promptId);
  const position = Math.max(
    0,
    data.queue.findIndex((queued) => queued.id === promptId),
  );
  const steers = steered === true ? data.queue[0]?.id : undefined;
  return { turnId: promptId, position, ...(steers === undefined ? {} : { steers }) };
}

/** `refuseCancel` has let it pass: it waits, or was cancelled before. */
export function cancelPrompt(run: SessionRun, promptId: string): void {
  const { data } = run;
  if (!data.queue.some((queued) => queued.id === promptId)) return;
  data.queue = data.queue.filter((queued) => queued.id !== promptId);
  run.emit({ type: 'prompt.cancelled', data: {} }, { turnId: promptId, eventId: turnEndEventId(promptId) });
  rememberEnd(run, promptId, { status: 'cancelled' });
  run.touch();
  run.showDetails();
}

/** Of a prompt that had no turn of its own. */
export function rememberEnd(run: SessionRun, promptId: string, outcome: PromptEnd): void {
  remember(run.data.endedTurns, { turnId: promptId, outcome, answer: '', costUsd: 0 }, endedKept);
}
