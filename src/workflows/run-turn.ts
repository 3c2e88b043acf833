/** One turn from the head of the queue: run, continued or run again, until it ended (I2, I3, I4). */
import { turnEndEventId } from '../contracts/ids.ts';
import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { TurnReport } from '../activities/types.ts';
import type { TurnFailure, TurnOutcome } from '../contracts/turn.ts';
import { interruptTurn, runTurn } from './activities.ts';
import { afterAgentLoss, afterSandboxLoss, restartNotice } from './decisions.ts';
import { turnSummary } from './details.ts';
import { mergeHeads } from './open-sandbox.ts';
import { endedKept, remember } from './remember.ts';
import type { QueuedPrompt } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

/** How long a turn that was interrupted because the session ends may take before it is abandoned. */
const closingPatience = '30s';

/** Returns when the turn ended, or when its sandbox was lost: then the prompt still heads the queue. */
export async function runNextTurn(run: SessionRun, prompt: QueuedPrompt): Promise<void> {
  run.setPhase({ status: 'running', turnId: prompt.id });
  for (;;) {
    const report = await watchedTurn(run, prompt);
    if (report.kind === 'ended') return finishTurn(run, prompt, report);
    if (report.kind === 'sandbox-lost') return loseSandbox(run, prompt, report);
    const next = afterAgentLoss(report.losses, report.message);
    if (next.do === 'fail') return failTurn(run, prompt, next.failure);
    prompt.continuations = next.count;
    run.emit(
      { type: 'turn.continued', data: { cause: report.cause, count: next.count } },
      { turnId: prompt.id },
    );
  }
}

async function watchedTurn(run: SessionRun, prompt: QueuedPrompt): Promise<TurnReport> {
  const turn = new CancellationScope();
  const watching = new CancellationScope();
  const watch = watching.run(() => watchRequests(run, prompt.id, turn)).catch(rethrowUnlessCancelled);
  try {
    return await turn.run(() =>
      runTurn.executeWithOptions({ summary: turnSummary(prompt.id, prompt.text) }, [
        {
          ...run.inSandbox(),
          session: run.input,
          turnId: prompt.id,
          text: prompt.text,
          continuation: prompt.continuations,
          ...(prompt.notice === undefined ? {} : { notice: prompt.notice }),
        },
      ]),
    );
  } catch (error) {
    // Abandoned because the session closes; a cancellation of the workflow itself goes on to the top.
    if (
      isCancellation(error) &&
      run.data.asked.close !== 'no' &&
      !CancellationScope.current().consideredCancelled
    ) {
      return { kind: 'sandbox-lost', cause: 'the session was terminated', started: true };
    }
    throw error;
  } finally {
    watching.cancel();
    await watch;
    run.interruptAsked = null;
  }
}

/** Carries interrupts to the supervisor by their own activity; a turn that does not end for a closing session is cancelled. */
async function watchRequests(run: SessionRun, turnId: string, turn: CancellationScope): Promise<void> {
  for (;;) {
    await condition(() => run.interruptAsked === turnId);
    run.interruptAsked = null;
    run.emit({ type: 'turn.interrupting', data: {} }, { turnId });
    await interruptTurn.executeWithOptions({ summary: `interrupt turn ${turnId}` }, [
      { ...run.inSandbox(), turnId },
    ]);
    if (run.data.asked.close === 'no') continue;
    await sleep(closingPatience);
    turn.cancel();
  }
}

function finishTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  report: Extract<TurnReport, { kind: 'ended' }>,
): void {
  run.data.checkpoint = report.checkpoint;
  run.data.heads = mergeHeads(run.data.heads, report.checkpoint.carried);
  run.data.costUsd += report.totals.costUsd;
  endTurn(run, prompt, { outcome: report.outcome, answer: report.answer, costUsd: report.totals.costUsd });
}

function loseSandbox(
  run: SessionRun,
  prompt: QueuedPrompt,
  report: Extract<TurnReport, { kind: 'sandbox-lost' }>,
): void {
  const { data } = run;
  const { sandboxId } = run.sandbox;
  data.sandbox = null;
  if (data.asked.close !== 'no') return;
  run.emit({ type: 'sandbox.lost', data: { sandboxId, cause: report.cause } });
  data.asked.resume = true;
  if (!report.started) return;
  const next = afterSandboxLoss(prompt, report.cause);
  if (next.do === 'fail') return failTurn(run, prompt, next.failure);
  const checkpointId = data.checkpoint?.checkpointId ?? null;
  prompt.restarts = next.count;
  prompt.continuations = 0;
  prompt.notice = restartNotice(checkpointId);
  run.emit(
    {
      type: 'turn.restarted',
      data: {
        cause: report.cause,
        count: next.count,
        checkpointId,
        mayBeLost: 'what the turn had done in the sandbox since it began, unless it was pushed',
      },
    },
    { turnId: prompt.id },
  );
}

/** The session itself ends the turn: no record of the supervisor will. */
export function failTurn(run: SessionRun, prompt: QueuedPrompt, failure: TurnFailure): void {
  const outcome: TurnOutcome = { status: 'failed', failure };
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  run.emit(
    { type: 'turn.failed', data: { failure, answer: '', costUsd: 0, usage, durationMs: 0 } },
    { turnId: prompt.id, eventId: turnEndEventId(prompt.id) },
  );
  endTurn(run, prompt, { outcome, answer: '', costUsd: 0 });
}

function endTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  ended: { outcome: TurnOutcome; answer: string; costUsd: number },
): void {
  const { data } = run;
  data.queue = data.queue.filter((queued) => queued.id !== prompt.id);
  data.turns += 1;
  remember(data.endedTurns, { turnId: prompt.id, ...ended }, endedKept);
  run.touch();
  // While more is queued the session stays `running`: a state that lasts no time is not worth its events (I6).
  if (data.queue.length === 0 && data.sandbox !== null) run.setPhase({ status: 'idle' });
}

function rethrowUnlessCancelled(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
