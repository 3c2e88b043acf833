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

/**
 * Tells what comes while the turn runs, in its order. What the supervisor does not take any more stays with the turn: it is
 * queued when that has ended, or goes with it into the next generation. Ends by cancellation, or when the sandbox is lost.
 */
export async function watchSteers(run: SessionRun, prompt: QueuedPrompt): Promise<void> {
  const refused = new Set<string>();
  const next = (): PendingSteer | undefined =>
    prompt.steers.find(({ promptId, told }) => !told && !refused.has(promptId));
  for (;;) {
    await condition(() => next() !== undefined);
    const said = next();
    if (said === undefined) continue;
    const answer = await tell(run, prompt.id, said);
    if (answer === 'lost') return;
    if (answer === 'told') said.told = true;
    else refused.add(said.promptId);
  }
}

async function tell(
  run: SessionRun,
  turnId: string,
  { promptId, text }: PendingSteer,
): Promise<'told' | 'refused' | 'lost'> {
  run.telling = true;
  try {
    const options = { summary: `steer turn ${turnId}` };
    const { steered } = await run.inSandbox(async (input) =>
      steerTurn.executeWithOptions(options, [{ ...input, turnId, steer: { promptId, text } }]),
    );
    return steered ? 'told' : 'refused';
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (failureTypeOf(error) === failureTypes.sandboxLost) return 'lost';
    run.warn(`the turn could not be steered: ${describeFailure(error)}`);
    return 'refused';
  } finally {
    run.telling = false;
  }
}

/** The turn has ended in the sandbox, which is known to have told its agent these: the others are turns of their own, next. */
export function settleSteers(run: SessionRun, prompt: QueuedPrompt, told: readonly string[]): void {
  const late = prompt.steers.filter(({ promptId }) => !told.includes(promptId));
  for (const promptId of told) rememberEnd(run, promptId, { status: 'steered', into: prompt.id });
  for (const said of late.toReversed()) {
    prompt.steers = prompt.steers.filter(({ promptId }) => promptId !== said.promptId);
    queueLateSteer(run, said);
  }
}

/** The session itself ends the turn. Whose end is to be told with it; none is, where the event log has it already (I5). */
export function endSteers(run: SessionRun, prompt: QueuedPrompt, outcome: PromptEnd): string[] {
  const promptIds = prompt.steers.map(({ promptId }) => promptId);
  for (const promptId of promptIds) rememberEnd(run, promptId, outcome);
  return promptIds;
}
