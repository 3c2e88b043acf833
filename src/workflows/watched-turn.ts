/** The activity of one run of a turn, and what reaches the turn while it runs: steering, interrupts, its limits, the rollover. */
import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { TurnReport } from '../activities/types.ts';
import type { InterruptReason } from '../contracts/supervisor.ts';
import { interruptTurn, runTurn } from './activities.ts';
import { budgetLeft } from './budget.ts';
import { rollsOver } from './decisions.ts';
import { turnSummary } from './details.ts';
import { describeFailure } from './failure.ts';
import { lostTurnsNotice } from './lost-turns.ts';
import type { QueuedPrompt } from './session-data.ts';
import type { SessionRun } from './session-run.ts';
import { steersOf, watchSteers } from './steers.ts';

/** `abandoned`: it did not end though it was told to. */
export type Report = TurnReport | { kind: 'abandoned' } | { kind: 'not-run'; message: string };

/** How long a turn that was told to end may take, its work to be carried included, and one of a session that closes. */
const stopPatience = '5m';
const closingPatience = '30s';

/**
 * After an interrupt could not be delivered for minutes. A turn over its limit is given up after so many; one that is to be
 * suspended ends with its sandbox.
 */
const sendAgainPause = '5s';
const limitTries = 3;

const suspend: InterruptReason = { kind: 'suspend' };

export async function watchedTurn(run: SessionRun, prompt: QueuedPrompt): Promise<Report> {
  const turn = new CancellationScope();
  const watching = new CancellationScope();
  const watch = watching
    .run(async () => Promise.all([watchRequests(run, prompt.id, turn), watchSteers(run, prompt)]))
    .catch(() => undefined);
  try {
    const report = await turn.run(async () => runOnce(run, prompt));
    // Whether the agent was told what is on its way to it must be known before the turn has ended for the session.
    await condition(() => !run.telling || run.closing);
    return report;
  } catch (error) {
    // Only the watcher cancels. Its failure may be another one: its worker may have died before it could say so.
    return turn.consideredCancelled
      ? { kind: 'abandoned' }
      : { kind: 'not-run', message: describeFailure(error) };
  } finally {
    watching.cancel();
    await watch;
  }
}

async function runOnce(run: SessionRun, prompt: QueuedPrompt): Promise<TurnReport> {
  const { id: turnId, text, continuations: continuation, carriedOver } = prompt;
  const notice = noticeOf(run, prompt);
  const options = { summary: turnSummary(turnId, text) };
  const steers = steersOf(prompt);
  return run.inSandbox(async (input) =>
    runTurn.executeWithOptions(options, [
      {
        ...input,
        turnId,
        text,
        continuation,
        options: prompt.options ?? {},
        steers,
        budgetLeftUsd: budgetLeft(run.data),
        costUsd: run.data.costUsd,
        ...(notice === undefined ? {} : { notice }),
        ...(carriedOver === undefined ? {} : { carriedOver }),
      },
    ]),
  );
}

/** What the agent cannot know by itself. */
function noticeOf({ data }: SessionRun, { notice }: QueuedPrompt): string | undefined {
  const notices = [lostTurnsNotice(data), notice].filter((part) => part !== undefined);
  return notices.length === 0 ? undefined : notices.join('\n\n');
}

/** Carries what is to stop the turn to the supervisor; a turn that does not end then is cancelled. */
async function watchRequests(run: SessionRun, turnId: string, turn: CancellationScope): Promise<void> {
  let sent: InterruptReason | null = null;
  let undelivered = 0;
  const wanted = (): InterruptReason | null => {
    const { stop } = run.data;
    const reason = stop?.turnId === turnId ? stop.reason : null;
    return reason ?? (rollsOver(run.data, run.runningExecs.size) ? suspend : null);
  };
  const isNew = (reason: InterruptReason | null): boolean => reason !== null && reason.kind !== sent?.kind;
  const isAsked = (): boolean => run.closing || isNew(wanted());
  while (!run.closing) {
    if (sent === null) await condition(isAsked);
    else if (!(await condition(isAsked, stopPatience))) return turn.cancel();
    const reason = wanted();
    if (reason === null || !isNew(reason)) continue;
    if (await sendInterrupt(run, turnId, reason)) sent = reason;
    else if (reason.kind === 'requested') forgetRequest(run, sent, turnId);
    else if (reason.kind === 'limit' && ++undelivered >= limitTries) return turn.cancel();
    // What a clock asked for stays asked for.
    else await condition(() => run.closing, sendAgainPause);
  }
  await sleep(closingPatience);
  turn.cancel();
}

/** Asking again tries again. A limit that was sent before stays. */
function forgetRequest(run: SessionRun, sent: InterruptReason | null, turnId: string): void {
  run.data.stop = sent?.kind === 'limit' ? { turnId, reason: sent } : null;
}

/** False when it could not be sent. */
async function sendInterrupt(run: SessionRun, turnId: string, reason: InterruptReason): Promise<boolean> {
  run.emit({ type: 'turn.interrupting', data: {} }, { turnId });
  try {
    await run.inSandbox(async (input) =>
      interruptTurn.executeWithOptions({ summary: `interrupt turn ${turnId}` }, [
        { ...input, turnId, reason },
      ]),
    );
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.warn(`the turn could not be interrupted: ${describeFailure(error)}`);
    return false;
  }
}
