/** How a prompt ended, as its caller is told. */
import type { TurnFailure, Usage } from '../contracts/index.ts';
import type { PromptEndEvent } from './prompt-events.ts';

type RanTurn = {
  usage: Usage;
  durationMs: number;
} & ({ status: 'completed' | 'interrupted' } | { status: 'failed'; failure: TurnFailure });

/** `cancelled`: it never ran. `steered`: the agent was told within the turn `into`, whose result has what came of it. */
type NoTurn = { status: 'cancelled' } | { status: 'steered'; into: string };

export type TurnResult = {
  turnId: string;
  /** The agent's last answer; what it had said so far when it was interrupted or failed. Empty where no turn ran. */
  text: string;
  /** US dollars of this turn alone. */
  costUsd: number;
} & (RanTurn | NoTurn);

export function resultOf(end: PromptEndEvent): TurnResult {
  const { turnId = '' } = end;
  if (end.type === 'prompt.cancelled') return { turnId, text: '', costUsd: 0, status: 'cancelled' };
  if (end.type === 'turn.steered')
    return { turnId: end.data.promptId, text: '', costUsd: 0, status: 'steered', into: turnId };
  const { answer: text, costUsd, usage, durationMs } = end.data;
  const totals = { turnId, text, costUsd, usage, durationMs };
  switch (end.type) {
    case 'turn.completed':
      return { ...totals, status: 'completed' };
    case 'turn.interrupted':
      return { ...totals, status: 'interrupted' };
    case 'turn.failed':
      return { ...totals, status: 'failed', failure: end.data.failure };
  }
}
