/**
 * The session: one durable conversation with an agent. Binds the messages and decides lifetime; what happens next is
 * decided in `decisions.ts` and done in the steps beside it; nobody else changes its state (I1).
 */
import {
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
} from '@temporalio/workflow';
import { sessionInputSchema } from '../contracts/session-input.ts';
import type { SessionRequest } from '../contracts/session-input.ts';
import { beginRun } from './begin.ts';
import { closeRun } from './close.ts';
import { nextStep } from './decisions.ts';
import type { Step } from './decisions.ts';
import { asWorkflowFailure, describeFailure } from './failure.ts';
import { bindMessages } from './handlers.ts';
import { openSandbox } from './open-sandbox.ts';
import { parseInput } from './parse-input.ts';
import { endSandboxesOf, pauseSession, takeCheckpoint } from './pause.ts';
import { rewindSession } from './rewind.ts';
import { rollOver } from './rollover.ts';
import { askToClose } from './requests.ts';
import { loseSandbox, settlePhase, stayPaused } from './transitions.ts';
import { runNextTurn } from './run-turn.ts';
import { carriedOf, sessionDataSchema } from './session-data.ts';
import { SessionRun } from './session-run.ts';
import { temporalSurface } from './surface.ts';
import { unlessClosing } from './unless-closing.ts';
import { startWatchers } from './watchers.ts';

/** `carried` is what a run gives the next one at continue-as-new; callers leave it out. */
export async function session(request: SessionRequest, carried?: unknown): Promise<void> {
  const run = openRun(request, carried);
  bindMessages(run);
  run.setPhase(run.data.phase);
  // The UI's button ends the session like `terminate`: the loop sees the request and nothing is torn off.
  void CancellationScope.current().cancelRequested.catch(() => cancel(run));
  await CancellationScope.nonCancellable(async () => live(run, request));
  if (run.cancelled) throw new CancelledFailure('the session was cancelled');
}

async function live(run: SessionRun, request: SessionRequest): Promise<void> {
  if (!(await beginRun(run))) return;
  startWatchers(run);
  let failure: unknown = null;
  try {
    if ((await mainLoop(run)) === 'continue') {
      await condition(allHandlersFinished);
      run.takeBackEvents();
      await continueAsNew<typeof session>(request, carriedOf(run.data, request));
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    failure = error;
  }
  const reason = await closeRun(run, failure);
  await condition(allHandlersFinished);
  if (failure !== null) throw asWorkflowFailure(failure, reason);
}

function cancel(run: SessionRun): void {
  run.cancelled = true;
  askToClose(run, false);
}

async function mainLoop(run: SessionRun): Promise<'closed' | 'continue'> {
  for (;;) {
    const step = (): Step => nextStep(run.data, run.runningExecs.size);
    settlePhase(run);
    const canLeave = (): boolean => run.isDone && !run.recording;
    await condition(() => step().do !== 'wait' || canLeave());
    const next = step();
    if (next.do === 'close') return 'closed';
    if (canLeave()) {
      // At once: what the same event has woken looks here before it begins anything that would end with this run.
      run.loop = 'leaving';
      return 'continue';
    }
    run.loop = 'stepping';
    await take(run, next).catch((error: unknown) => {
      // A step that a closing session did not wait for.
      if (!isCancellation(error) || !run.closing) throw error;
    });
    run.loop = 'waiting';
  }
}

async function take(run: SessionRun, step: Step): Promise<void> {
  switch (step.do) {
    case 'open':
      return unlessClosing(run, async () =>
        step.reason === 'start'
          ? openSandbox(run, 'start')
          : orStayPaused(run, async () => openSandbox(run, step.reason)),
      );
    case 'lose':
      return loseSandbox(run, step.cause);
    case 'turn':
      return runNextTurn(run, step.prompt);
    case 'pause':
      return unlessClosing(run, async () => pauseSession(run, step.reason));
    case 'checkpoint':
      return unlessClosing(run, async () => takeCheckpoint(run));
    case 'rewind':
      return unlessClosing(run, async () =>
        orStayPaused(run, async () => rewindSession(run, step.checkpointId)),
      );
    case 'rollover':
      return unlessClosing(run, async () => orStayPaused(run, async () => rollOver(run)));
    case 'close':
    case 'wait':
      return;
  }
}

/** A session that cannot be brought back stays paused, with everything it has: what asked for it fails. */
async function orStayPaused(run: SessionRun, open: () => Promise<void>): Promise<void> {
  try {
    await open();
  } catch (error) {
    if (isCancellation(error)) throw error;
    stayPaused(run, `the session could not be resumed: ${describeFailure(error)}`);
    await endSandboxesOf(run);
    run.setPhase({ status: 'paused' });
  }
}

function openRun(request: unknown, carried: unknown): SessionRun {
  return new SessionRun(parseInput('session', sessionInputSchema, request), {
    carried: carried === undefined ? null : sessionDataSchema.parse(carried),
    surface: temporalSurface,
  });
}
