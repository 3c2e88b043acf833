/** One turn from the head of the queue: run, continued or run again, until it ended (I2, I3, I4). */
import type { TurnReport } from '../activities/types.ts';
import { afterAgentLoss, afterSandboxLoss, restartNotice } from './decisions.ts';
import type { QueuedPrompt, StopReason } from './session-data.ts';
import type { SessionRun } from './session-run.ts';
import { loseSandbox } from './transitions.ts';
import { failTurn, finishTurn, interruptLostTurn, mergeHeads } from './turn-ends.ts';
import { watchedTurn } from './watched-turn.ts';
import type { Report } from './watched-turn.ts';

type AgentLoss = Extract<TurnReport, { kind: 'agent-lost' | 'agent-silent' }>;

/** Returns when the turn ended, was suspended, or its sandbox was lost: in the last two it still heads the queue. */
export async function runNextTurn(run: SessionRun, prompt: QueuedPrompt): Promise<void> {
  let goesOn = beginTurn(run, prompt);
  while (goesOn) goesOn = afterReport(run, prompt, await watchedTurn(run, prompt));
}

/** False when somebody has asked for its end between two generations: it has ended then. */
export function beginTurn(run: SessionRun, prompt: QueuedPrompt): boolean {
  if (stopReasonOf(run, prompt)?.kind === 'requested') {
    interruptLostTurn(run, prompt);
    return false;
  }
  prompt.startedAt ??= run.now;
  prompt.ranIn = run.data.generation;
  run.setPhase({ status: 'running', turnId: prompt.id });
  return true;
}

/** Whether the turn is to be run once more in this generation. */
export function afterReport(run: SessionRun, prompt: QueuedPrompt, report: Report): boolean {
  switch (report.kind) {
    case 'ended':
      finishTurn(run, prompt, report);
      return false;
    case 'not-run':
      failTurn(run, prompt, { kind: 'start', message: report.message });
      return false;
    case 'suspended':
      suspendTurn(run, prompt, report);
      return false;
    case 'abandoned':
    case 'sandbox-lost':
      // Whoever closes the session ends its turns (close.ts).
      if (!run.closing) afterLostSandbox(run, prompt, report);
      return false;
    case 'agent-lost':
    case 'agent-silent':
      return !run.closing && !stopLost(run, prompt) && isContinued(run, prompt, report);
  }
}

function stopReasonOf({ data: { stop } }: SessionRun, prompt: QueuedPrompt): StopReason | null {
  return stop?.turnId === prompt.id ? stop.reason : null;
}

/** The rollover takes the session to the next generation, where the turn goes on (rollover.ts). */
function suspendTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  report: Extract<TurnReport, { kind: 'suspended' }>,
): void {
  run.data.checkpoint = report.checkpoint;
  run.data.heads = mergeHeads(run.data.heads, report.checkpoint.carried);
  prompt.carriedOver = report.totals;
  prompt.continuations = 0;
  // That checkpoint holds what it has said and done.
  delete prompt.ranIn;
}

function afterLostSandbox(
  run: SessionRun,
  prompt: QueuedPrompt,
  report: { kind: 'abandoned' } | { kind: 'sandbox-lost'; cause: string; started: boolean },
): void {
  const lost =
    report.kind === 'abandoned'
      ? { cause: 'its turn did not end when it was told to', started: true }
      : report;
  loseSandbox(run, lost.cause);
  if (!stopLost(run, prompt)) restartTurn(run, prompt, lost);
}

/** What was to be stopped is not run again because something died at the same moment. */
function stopLost(run: SessionRun, prompt: QueuedPrompt): boolean {
  const reason = stopReasonOf(run, prompt);
  if (reason?.kind === 'requested') interruptLostTurn(run, prompt);
  if (reason?.kind === 'limit') failTurn(run, prompt, { kind: 'limit', message: reason.message });
  return reason !== null;
}

/** False when the turn has failed. */
function isContinued(run: SessionRun, prompt: QueuedPrompt, report: AgentLoss): boolean {
  const isSilent = report.kind === 'agent-silent';
  const losses = isSilent ? prompt.continuations + 1 : report.losses;
  const message = isSilent ? `nothing was heard of it for ${report.quietSeconds} s` : report.message;
  const next = afterAgentLoss(losses, message);
  if (next.do === 'fail') {
    failTurn(run, prompt, next.failure);
    return false;
  }
  prompt.continuations = next.count;
  const cause = isSilent ? 'silent' : report.cause;
  run.emit({ type: 'turn.continued', data: { cause, count: next.count } }, { turnId: prompt.id });
  return true;
}

function restartTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  { cause, started }: { cause: string; started: boolean },
): void {
  const next = afterSandboxLoss(prompt, cause, started);
  if (next.do === 'fail') return failTurn(run, prompt, next.failure);
  prompt.continuations = 0;
  if (!started) {
    prompt.falseStarts = next.count;
    if (prompt.restarts === 0) delete prompt.ranIn;
    // Nothing of it has run: what is asked for meanwhile goes before it. What was said within it keeps it the begun turn.
    const isUntouched = prompt.restarts === 0 && prompt.carriedOver === undefined;
    if (isUntouched && prompt.steers.length === 0) delete prompt.startedAt;
    return;
  }
  const checkpointId = run.data.checkpoint?.checkpointId ?? null;
  const mayBeLost = 'what the turn had done in the sandbox since then, unless it was pushed';
  prompt.restarts = next.count;
  prompt.notice = restartNotice({ checkpointId, midTurn: prompt.carriedOver !== undefined });
  run.emit(
    { type: 'turn.restarted', data: { cause, count: next.count, checkpointId, mayBeLost } },
    { turnId: prompt.id },
  );
}
