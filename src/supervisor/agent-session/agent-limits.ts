/**
 * What one agent process may use. The agent takes its limits when it starts: steps count anew with every message, the
 * budget counts down over its whole life, so a process whose rest is just what the next turn may use still fits it. Pure.
 */
import type { AgentResult } from '../../agent/results.ts';
import type { TurnOptions } from '../../contracts/prompt.ts';

export type AgentLimits = { maxTurns?: number; budgetUsd?: number };

const toleranceUsd = 1e-6;

/** `limits`: what the process was started with; `spentUsd`: since then. */
export function fits(
  process: { limits: AgentLimits; spentUsd: number },
  { maxTurns, budgetUsd }: AgentLimits,
): boolean {
  if (process.limits.maxTurns !== maxTurns) return false;
  if (process.limits.budgetUsd === undefined || budgetUsd === undefined) {
    return process.limits.budgetUsd === budgetUsd;
  }
  return Math.abs(process.limits.budgetUsd - process.spentUsd - budgetUsd) < toleranceUsd;
}

/** For the person who reads why a turn failed. */
export function limitSentence(limit: NonNullable<AgentResult['limit']>, options: TurnOptions): string {
  return limit === 'maxTurns'
    ? `The turn reached its limit of ${options.maxTurns ?? 0} steps: send a prompt to go on, with a higher maxTurns if needed.`
    : `The turn reached its budget of $${options.budgetUsd ?? 0}: raise the budget of the prompt or of the session, then send a prompt to go on.`;
}
