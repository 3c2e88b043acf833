/** How a turn ends for the session: by its own report, or by the session itself (I3: the first end counts). */
import type { TurnReport } from '../activities/types.ts';
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import { turnEndEventId } from '../contracts/ids.ts';
import type { TurnFailure, TurnOutcome, TurnTotals } from '../contracts/turn.ts';
import { isSpent } from './budget.ts';
import { endedKept, remember } from './remember.ts';
import { noteLostTurn } from './lost-turns.ts';
import type { QueuedPrompt } from './session-data.ts';
import type { SessionRun } from './session-run.ts';
import { endSteers, settleSteers } from './steers.ts';

const nothingUsed: TurnTotals = {
  costUsd: 0,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  durationMs: 0,
};

export function finishTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  report: Extract<TurnReport, { kind: 'ended' }>,
): void {
  const { data } = run;
  const { costUsd } = report.totals;
  data.checkpoint = report.checkpoint;
  data.heads = mergeHeads(data.heads, report.checkpoint.carried);
  data.costUsd += costUsd;
  data.spentUsd += costUsd;
  // One that was cut short may not have heard it.
  if (report.outcome.status === 'completed') data.lostTurns = [];
  // What was said too late is queued behind the turn.
  settleSteers(run, prompt, report.steered);
  endTurn(run, prompt, { outcome: report.outcome, answer: report.answer, costUsd });
}

/** Replaces what is known of some repositories' heads and keeps the rest. */
export function mergeHeads(known: RepositoryHead[], news: RepositoryHead[]): RepositoryHead[] {
  const byName = new Map([...known, ...news].map((head) => [head.repository, head]));
  return [...byName.values()].map(({ repository, branch, head }) => ({ repository, branch, head }));
}

/** The session itself ends the turn: no record of the supervisor will, and if one does, the first counts (I3). */
export function failTurn(run: SessionRun, prompt: QueuedPrompt, failure: TurnFailure): void {
  endUnreported(run, prompt, { status: 'failed', failure });
}

export function failPrompts(run: SessionRun, failure: TurnFailure): void {
  for (const prompt of run.data.queue) failTurn(run, prompt, failure);
}

export function interruptLostTurn(run: SessionRun, prompt: QueuedPrompt): void {
  endUnreported(run, prompt, { status: 'interrupted' });
}

type Unreported = Exclude<TurnOutcome, { status: 'completed' }>;

function endUnreported(run: SessionRun, prompt: QueuedPrompt, outcome: Unreported): void {
  // Of a turn that was suspended it is known what it had used by then.
  const used = prompt.carriedOver ?? nothingUsed;
  emitEnd(run, prompt.id, { outcome, used });
  noteLostTurn(run.data, prompt, outcome);
  // Whether the agent had heard what was said within it, the event log knows.
  for (const promptId of endSteers(run, prompt, outcome))
    emitEnd(run, promptId, { outcome, used: nothingUsed });
  const { costUsd } = used;
  run.data.costUsd += costUsd;
  run.data.spentUsd += costUsd;
  endTurn(run, prompt, { outcome, answer: '', costUsd });
}

function emitEnd(
  run: SessionRun,
  turnId: string,
  { outcome, used }: { outcome: Unreported; used: TurnTotals },
): void {
  const end = { answer: '', ...used };
  const body =
    outcome.status === 'failed'
      ? ({ type: 'turn.failed', data: { ...end, failure: outcome.failure } } as const)
      : ({ type: 'turn.interrupted', data: end } as const);
  run.emit(body, { turnId, eventId: turnEndEventId(turnId) });
}

function endTurn(
  run: SessionRun,
  prompt: QueuedPrompt,
  ended: { outcome: TurnOutcome; answer: string; costUsd: number },
): void {
  const { data } = run;
  data.stop = null;
  data.queue = data.queue.filter((queued) => queued.id !== prompt.id);
  data.turns += 1;
  remember(data.endedTurns, { turnId: prompt.id, ...ended }, endedKept);
  data.lastTurnId = prompt.id;
  run.touch();
  tellSpent(run);
  // While more is queued the session stays `running`: a state that lasts no time is not worth its events (I6).
  const running = data.phase.status === 'running';
  const goesOn = data.queue.length > 0 && !isSpent(data);
  if (running && !goesOn && data.sandbox !== null && !run.closing) run.setPhase({ status: 'idle' });
}

/** Once for each time the budget is used up. */
export function tellSpent(run: SessionRun): void {
  const { data } = run;
  const { budgetUsd, spentUsd } = data;
  if (budgetUsd === null || !isSpent(data) || data.budgetTold) return;
  data.budgetTold = true;
  run.emit({ type: 'session.budget-reached', data: { budgetUsd, spentUsd } });
}
