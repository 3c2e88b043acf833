/** What the journal says of the turn "t". */
import type { JournalRecord } from '../../../src/contracts/supervisor.ts';
import type { TurnOutcome } from '../../../src/contracts/turn.ts';

export const at = '2026-01-01T00:00:00.000Z';

export const totals = {
  costUsd: 0.25,
  durationMs: 5,
  usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4 },
};

const common = { at, turnId: 't', totals, agentSessionId: 'a', carried: [] };

export function turnEnded(outcome: TurnOutcome): JournalRecord {
  return { ...common, kind: 'turn.ended', outcome, answer: 'done' };
}

export const turnSuspended: JournalRecord = { ...common, kind: 'turn.suspended' };
