/** What the end of an agent's run means for the turn. Pure. */
import { sumOf, totalsBetween, type AgentResult, type ModelCost } from '../../agent/results.ts';
import type { InterruptReason } from '../../contracts/supervisor.ts';
import type { TurnOptions } from '../../contracts/prompt.ts';
import type { TurnOutcome, TurnTotals } from '../../contracts/turn.ts';
import { limitSentence } from './agent-limits.ts';

/** `isWhole`: the agent came to its own end with everything it was told. */
export type RunEnd = { result: AgentResult | null; isWhole: boolean };

export type TurnEnd =
  | { kind: 'ended'; outcome: TurnOutcome; answer: string; totals: TurnTotals }
  /** Stopped, to go on in the next generation. */
  | { kind: 'suspended'; totals: TurnTotals }
  | { kind: 'lost'; message: string };

export type Cost = Pick<AgentResult, 'cumulativeCostUsd' | 'cumulativeUsage'>;

export type EndInput = RunEnd & {
  stop: InterruptReason | null;
  options: TurnOptions;
  /** Before the run. */
  earlier: Cost | null;
  /** Used by runs of the turn that gave no figures. */
  unbilled: ModelCost;
  durationMs: number;
};

/**
 * What we asked for decides, whatever the agent makes of it; only a turn that came to its own end in the same moment ended
 * so, unless somebody wanted it interrupted.
 */
export function endOfTurn(input: EndInput): TurnEnd {
  const { result, isWhole, stop } = input;
  const totals = totalsOf(input);
  const isLimited = result !== null && result.limit !== null;
  if (stop?.kind === 'suspend' && !isWhole && !isLimited) return { kind: 'suspended', totals };
  if (stop?.kind === 'requested') return ended({ status: 'interrupted' }, totals, result);
  if (stop?.kind === 'limit' && !isWhole) return ended(failedBy(stop.message), totals, result);
  if (result === null) return { kind: 'lost', message: 'the agent gave no result' };
  // By a signal, for example: the agent ends then.
  if (result.isAborted)
    return { kind: 'lost', message: 'the agent was interrupted by something else than Harvest' };
  // Its own failure carries no figures of the limit.
  const outcome =
    result.limit === null ? result.outcome : failedBy(limitSentence(result.limit, input.options));
  return ended(outcome, totals, result);
}

const strengths: Readonly<Record<InterruptReason['kind'], number>> = { suspend: 0, limit: 1, requested: 2 };

/**
 * Of two reasons to stop a turn: what people ask for counts more than a limit, as in the workflow, and both more than going
 * on elsewhere. Of two alike the first stays.
 */
export function strongerReason(known: InterruptReason | null, asked: InterruptReason): InterruptReason {
  return known !== null && strengths[known.kind] >= strengths[asked.kind] ? known : asked;
}

export function failedBy(message: string): TurnOutcome {
  return { status: 'failed', failure: { kind: 'limit', message } };
}

function ended(outcome: TurnOutcome, totals: TurnTotals, result: AgentResult | null): TurnEnd {
  return { kind: 'ended', outcome, answer: result?.answer ?? '', totals };
}

function totalsOf({ result, earlier, unbilled, durationMs }: EndInput): TurnTotals {
  const duration = { durationMs: Math.round(durationMs) };
  if (result === null) return { ...unbilled, ...duration };
  const billed = totalsBetween(earlier, result);
  const usage = sumOf([billed.usage, unbilled.usage]);
  return { costUsd: billed.costUsd + unbilled.costUsd, usage, ...duration };
}
