/**
 * The session: one durable conversation with an agent. Binds the messages and decides lifetime; what happens next is
 * decided in `decisions.ts`, done in the steps beside it, and every state change is made here (I1).
 */
import {
  ApplicationFailure,
  ContinueAsNew,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
} from '@temporalio/workflow';
import { failureTypes } from '../contracts/failures.ts';
import { sessionInputSchema } from '../contracts/session-input.ts';
import type { SessionRequest } from '../contracts/session-input.ts';
import { describeProblem } from './admission.ts';
import { closeRun } from './close.ts';
import { nextStep } from './decisions.ts';
import type { Step } from './decisions.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import { bindMessages } from './handlers.ts';
import { openSandbox } from './open-sandbox.ts';
import { pauseSession, takeCheckpoint } from './pause.ts';
import { failTurn, runNextTurn } from './run-turn.ts';
import { sessionDataSchema } from './session-data.ts';
import { SessionRun } from './session-run.ts';
import { loseExecs, startWatchers } from './watchers.ts';

/** `carried` is what a run gives the next one at continue-as-new; callers leave it out. */
export async function session(request: SessionRequest, carried?: unknown): Promise<void> {
  const run = openRun(request, carried);
  bindMessages(run);
  run.setPhase(run.data.phase);
  startWatchers(run);
  let failure: unknown = null;
  try {
    if ((await mainLoop(run)) === 'continue') {
      await condition(allHandlersFinished);
      await continueAsNew<typeof session>(request, run.data);
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    failure = error;
  }
  await closeRun(run, failure);
  await condition(allHandlersFinished);
  if (failure !== null) throw asWorkflowFailure(failure);
}

async function mainLoop(run: SessionRun): Promise<'closed' | 'continue'> {
  for (;;) {
    const step = (): Step => nextStep(run.data, run.runningExecs.size);
    await condition(() => step().do !== 'wait' || canContinueAsNew(run));
    if (canContinueAsNew(run)) return 'continue';
    const next = step();
    if (next.do === 'close') return 'closed';
    run.busy = true;
    await take(run, next);
    run.busy = false;
  }
}

async function take(run: SessionRun, step: Step): Promise<void> {
  switch (step.do) {
    case 'open':
      return step.reason === 'start' ? openSandbox(run, 'start') : reopen(run, step.reason);
    case 'turn':
      return runNextTurn(run, step.prompt);
    case 'pause':
      return pauseSession(run, step.reason);
    case 'checkpoint':
      return takeCheckpoint(run);
    case 'close':
    case 'wait':
      return;
  }
}

/** A session that cannot be brought back stays paused, with everything it has: what asked for it fails. */
async function reopen(run: SessionRun, reason: 'requested' | 'prompt' | 'exec'): Promise<void> {
  const { data } = run;
  const interrupted = data.queue.some((prompt) => prompt.restarts > 0);
  try {
    await openSandbox(run, interrupted ? 'sandbox-lost' : reason);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const message = `the session could not be resumed: ${describeFailure(error)}`;
    for (const prompt of data.queue) failTurn(run, prompt, { kind: 'start', message });
    loseExecs(run, message);
    data.asked.resume = false;
    run.emit({ type: 'session.restore-failed', data: { message } });
    run.setPhase({ status: 'paused' });
  }
}

/** Between steps only, and with nothing under way that the next run could not know of (I9). */
function canContinueAsNew(run: SessionRun): boolean {
  return (
    run.shouldContinueAsNew &&
    run.runningExecs.size === 0 &&
    !run.recording &&
    run.data.phase.status !== 'starting'
  );
}

function openRun(request: unknown, carried: unknown): SessionRun {
  const input = sessionInputSchema.safeParse(request);
  if (!input.success) {
    throw ApplicationFailure.nonRetryable(describeProblem('session', input.error), failureTypes.invalidInput);
  }
  return new SessionRun(input.data, carried === undefined ? null : sessionDataSchema.parse(carried));
}

function asWorkflowFailure(error: unknown): unknown {
  if (isCancellation(error)) return error;
  return ApplicationFailure.nonRetryable(
    describeFailure(error),
    failureTypeOf(error) ?? failureTypes.startFailed,
  );
}
