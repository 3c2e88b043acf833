/** What a session may still spend. Pure. */
import type { SessionData } from './session-data.ts';

type Spending = Pick<SessionData, 'budgetUsd' | 'spentUsd'>;

/** US dollars; null without a budget. */
export function budgetLeft({ budgetUsd, spentUsd }: Spending): number | null {
  return budgetUsd === null ? null : Math.max(0, budgetUsd - spentUsd);
}

/** No turn is begun until the budget is raised. */
export function isSpent(data: Spending): boolean {
  return budgetLeft(data) === 0;
}
