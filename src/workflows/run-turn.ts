/** One turn from the head of the queue: run, continued or run again, until it ended (I2, I3, I4). */
import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { TurnReport } from '../activities/types.ts';
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import { turnEndEventId } from '../contracts/ids.ts';
import type { TurnFailure, TurnOutcome } from '../contracts/turn.ts';
import { interruptTurn, runTurn } from './activities.ts';
import { afterAgentLoss, afterSandboxLoss, restartNotice } from './decisions.ts';
import { turnSummary } from './details.ts';
import { describeFailure } from './failure.ts';
import { endedKept, remember } from './remember.ts';
import type { QueuedPrompt } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

type Report = TurnReport | { kind: 'abandoned' } | { kind: 'not-run'; message: string };

/** How long a turn that was interrupted because the session ends may take before it is abandoned. */
const closingPatience = '30s';

const nothingUsed = {
  answer: '',
  costUsd: 0,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  durationMs: 0,
};

/** Returns when the turn ended, or when its sandbox was lost: then the prompt still heads the queue. */
export async function runNextTurn(run: SessionRun, prompt: QueuedPrompt): Promise<void> {
  run.setPhase({ status: 'running', turnId: prompt.id });
  for (;;) {
    const report = await watchedTurn(run, prompt);
    if (report.kind === 'ended') return finishTurn(run, prompt, report);
    if (report.kind === 'not-run') return failTurn(run, prompt, { kind: 'start', message: report.message });
    // Whoever closes the session ends its turns (close.ts).
    if (report.kind === 'abandoned' || run.closing) return;
    const interrupted = run.interruptAsked === prompt.id;
    if (report.kind === 'sandbox-lost') loseSandbox(run, report.cause);
    // What was to be interrupted is not run again because something died at the same moment.
    if (interrupted) return interruptLostTurn(run, prompt);
    if (report.kind === 'sandbox-lost') return restartTurn(run, prompt, report);
    const next = afterAgentLoss(report.losses, report.message);
    if (next.do === 'fail') return failTurn(run, prompt, next.failure);
    prompt.continuations = next.count;
    run.emit(
      { type: 'turn.continued', data: { cause: report.cause, count: next.count } },
      { turnId: prompt.id },
    );
  }
}

async function watchedTurn(run: SessionRun, prompt: QueuedPrompt): Promise<Report> {
  const { id: turnId, text, continuations: continuation, notice } = prompt;
  const turn = new CancellationScope();
  const watching = new CancellationScope();
  const watch = watching.run(async () => watchRequests(run, turnId, turn)).catch(() => undefined);
  const options = { summary: turnSummary(turnId, text) };
  try {
    return await turn.run(async () =>
      run.inSandbox(async (input) =>
        runTurn.executeWithOptions(options, [
          { ...input, turnId, text, continuation, ...(notice === undefined ? {} : { notice }) },
        ]),
      ),
    );
  } catch (error) {
    // Only the watcher cancels: the session closes, and the turn did not end in time.
    return isCancellation(error)
      ? { kind: 'abandoned' }
      : { kind: 'not-run', message: describeFailure(error) };
  } finally {
    watching.cancel();
    await watch;
  }
}

/** Carries interrupts to the supervisor by their own activity; a turn that does not end for a closing session is cancelled. */
async function watchRequests(run: SessionRun, turnId: string, turn: CancellationScope): Promise<void> {
  do await condition(() => run.interruptAsked === turnId || run.closing);
  while (!(await sendInterrupt(run, turnId)) && !run.closing);
  await condition(() => run.closing);
  await sleep(closingPatience);
  turn.cancel();
}

/** False when it could not be sent; asking again tries again. */
async function sendInterrupt(run: SessionRun, turnId: string): Promise<boolean> {
  run.emit({ type: 'turn.interrupting', data: {} }, { turnId });
  try {
    await run.inSandbox(async (input) =>
      interruptTurn.executeWithOptions({ summary: `interrupt turn ${turnId}` }, [{ ...input, turnId }]),
    );
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.warn(`the turn could not be interrupted: ${describeFailure(error)}`);
    run.interruptAsked = null;
    return false;
  }
}

function finishTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  report: Extract<TurnReport, { kind: 'ended' }>,
): void {
  const { data } = run;
  data.checkpoint = report.checkpoint;
  data.heads = mergeHeads(data.heads, report.checkpoint.carried);
  data.costUsd += report.totals.costUsd;
  endTurn(run, prompt, { outcome: report.outcome, answer: report.answer, costUsd: report.totals.costUsd });
}

/** Replaces what is known of some repositories' heads and keeps the rest. */
function mergeHeads(known: RepositoryHead[], news: RepositoryHead[]): RepositoryHead[] {
  const byName = new Map([...known, ...news].map((head) => [head.repository, head]));
  return [...byName.values()].map(({ repository, branch, head }) => ({ repository, branch, head }));
}

/** The next one takes over, also when nothing waits for it; unless the session is to pause. */
export function loseSandbox(run: SessionRun, cause: string): void {
  const { sandboxId } = run.sandbox;
  const { asked } = run.data;
  run.data.sandbox = null;
  asked.resume ||= asked.pause === 'no';
  run.emit({ type: 'sandbox.lost', data: { sandboxId, cause } });
}

function restartTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  report: { cause: string; started: boolean },
): void {
  const next = afterSandboxLoss(prompt, report.cause, report.started);
  if (next.do === 'fail') return failTurn(run, prompt, next.failure);
  prompt.continuations = 0;
  if (!report.started) {
    prompt.falseStarts = next.count;
    return;
  }
  const checkpointId = run.data.checkpoint?.checkpointId ?? null;
  const mayBeLost = 'what the turn had done in the sandbox since it began, unless it was pushed';
  prompt.restarts = next.count;
  prompt.notice = restartNotice(checkpointId);
  run.emit(
    { type: 'turn.restarted', data: { cause: report.cause, count: next.count, checkpointId, mayBeLost } },
    { turnId: prompt.id },
  );
}

/** The session itself ends the turn: no record of the supervisor will, and if one does, the first counts (I3). */
export function failTurn(run: SessionRun, prompt: QueuedPrompt, failure: TurnFailure): void {
  run.emit(
    { type: 'turn.failed', data: { ...nothingUsed, failure } },
    { turnId: prompt.id, eventId: turnEndEventId(prompt.id) },
  );
  endTurn(run, prompt, { outcome: { status: 'failed', failure }, answer: '', costUsd: 0 });
}

function interruptLostTurn(run: SessionRun, prompt: QueuedPrompt): void {
  run.emit(
    { type: 'turn.interrupted', data: nothingUsed },
    { turnId: prompt.id, eventId: turnEndEventId(prompt.id) },
  );
  endTurn(run, prompt, { outcome: { status: 'interrupted' }, answer: '', costUsd: 0 });
}

function endTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  ended: { outcome: TurnOutcome; answer: string; costUsd: number },
): void {
  const { data } = run;
  run.interruptAsked = null;
  data.queue = data.queue.filter((queued) => queued.id !== prompt.id);
  data.turns += 1;
  remember(data.endedTurns, { turnId: prompt.id, ...ended }, endedKept);
  run.touch();
  // While more is queued the session stays `running`: a state that lasts no time is not worth its events (I6).
  const running = data.phase.status === 'running';
  if (running && data.queue.length === 0 && data.sandbox !== null && !run.closing)
    run.setPhase({ status: 'idle' });
}
