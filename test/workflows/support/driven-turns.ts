/** What a turn of a driven session reports. */
import type { TurnReport } from '../../../src/activities/types.ts';
import type { Checkpoint } from '../../../src/contracts/checkpoint.ts';

const costUsd = 0.5;
const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
export const totals = { costUsd, usage, durationMs: 1 };

export function checkpointOf(turnId: string): Checkpoint {
  return {
    checkpointId: `turn-${turnId}`,
    sessionId: 's',
    generation: 1,
    turnId,
    at: '2026-01-01T00:00:00.000Z',
    carried: [],
    transcript: null,
    snapshot: null,
    costUsd: 0,
  };
}

export function ended(
  turnId: string,
  { status, steered }: { status: 'completed' | 'failed'; steered: string[] },
): TurnReport {
  const failure = { kind: 'model', message: 'overloaded' } as const;
  return {
    kind: 'ended',
    outcome: status === 'completed' ? { status } : { status, failure },
    answer: '',
    totals,
    checkpoint: checkpointOf(turnId),
    steered,
  };
}
