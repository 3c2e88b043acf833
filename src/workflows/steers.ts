/** What is said within a running turn, on its way to the agent: told once, or queued as a turn of its own when it comes too late. */
import { condition, isCancellation } from '@temporalio/workflow';
import { failureTypes } from '../contracts/failures.ts';
import type { Steer } from '../contracts/prompt.ts';
import type { PromptEnd } from '../contracts/turn.ts';
import { steerTurn } from './activities.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import { queueLateSteer, rememberEnd } from './prompts.ts';
import type { PendingSteer, QueuedPrompt } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

/** For the activity that runs the turn: everything that was said so far goes with it. */
export function steersOf(prompt: QueuedPrompt): Steer[] {
  for (const said of prompt.steers) said.told = true;
  return prompt.steers.map(({ promptId, text }) => ({ promptId, text }));
}

/** Tells what comes while the turn runs, in its order. Ends by cancellation, or when the sandbox is lost. */
export async function watchSteers(run: SessionRun, prompt: QueuedPrompt): Promise<void> {
  for (;;) {
    await condition(() => prompt.steers.some(({ told }) => !told));
    const said = prompt.steers.find(({ told }) => !told);
    if (said !== undefined && !(await tell(run, prompt, said))) return;
  }
}

/** False when the sandbox is lost: what was said stays with the turn, which goes on in the next one or ends with it. */
async function tell(run: SessionRun, prompt: QueuedPrompt, said: PendingSteer): Promise<boolean> {
  const { promptId, text } = said;
  const { id: turnId } = prompt;
  run.telling = true;
  try {
    const options = { summary: `steer turn ${turnId}` };
    const { steered } = await run.inSandbox(async (input) =>
      steerTurn.executeWithOptions(options, [{ ...input, turnId, steer: { promptId, text } }]),
    );
    if (steered) said.told = true;
    else queueInstead(run, prompt, said);
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (failureTypeOf(error) === failureTypes.sandboxLost) return false;
    run.warn(`the turn could not be steered (${describeFailure(error)}): the prompt runs after it`);
    queueInstead(run, prompt, said);
    return true;
  } finally {
    run.telling = false;
  }
}

export function queueInstead(run: SessionRun, prompt: QueuedPrompt, said: PendingSteer): void {
  prompt.steers = prompt.steers.filter(({ promptId }) => promptId !== said.promptId);
  queueLateSteer(run, said);
}

/** The turn has ended in the sandbox: what was not told by then was not told. */
export function settleSteers(run: SessionRun, prompt: QueuedPrompt): void {
  for (const { promptId, told } of prompt.steers)
    if (told) rememberEnd(run, promptId, { status: 'steered', into: prompt.id });
  for (const said of prompt.steers.filter(({ told }) => !told).toReversed()) queueInstead(run, prompt, said);
}

/** The session itself ends the turn. Whose end is to be told with it; none is, where the event log has it already (I5). */
export function endSteers(run: SessionRun, prompt: QueuedPrompt, outcome: PromptEnd): string[] {
  const promptIds = prompt.steers.map(({ promptId }) => promptId);
  for (const promptId of promptIds) rememberEnd(run, promptId, outcome);
  return promptIds;
}
