import { describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../../src/contracts/supervisor.ts';
import { TurnRecord } from '../../../src/supervisor/turns/turn-record.ts';

const at = '2026-01-01T00:00:00.000Z';
const totals = {
  costUsd: 0,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  durationMs: 0,
};

const accepted = (turnId: string): JournalRecord => ({ kind: 'turn.accepted', at, turnId, textHash: 'hash' });
const started = (turnId: string, continuation = 0): JournalRecord => ({
  kind: 'turn.started',
  at,
  turnId,
  continuation,
});
const lost = (turnId: string, losses: number): JournalRecord => ({
  kind: 'turn.lost',
  at,
  turnId,
  cause: 'supervisor-died',
  message: '',
  losses,
});
const ended = (turnId: string): JournalRecord => ({
  kind: 'turn.ended',
  at,
  turnId,
  outcome: { status: 'completed' },
  totals,
  answer: '',
  agentSessionId: null,
  carried: [],
});

/** The n-th record lies at byte n. */
function recordOf(...records: JournalRecord[]): TurnRecord {
  const turns = new TurnRecord();
  for (const [index, record] of records.entries()) turns.apply(record, { start: index, end: index + 1 });
  return turns;
}

const ask = (turns: TurnRecord, turnId: string, continuation = 0) =>
  turns.decide({ turnId, continuation, textHash: 'hash' });

describe('the turn record', () => {
  test('starts a turn that it does not know, and one that was accepted but never started', () => {
    expect(ask(recordOf(), 't1')).toEqual({ action: 'start', known: false });
    expect(ask(recordOf(accepted('t1')), 't1')).toEqual({ action: 'start', known: true });
  });

  test('only follows a turn that runs or has ended', () => {
    const turns = recordOf(accepted('t1'), started('t1'));
    expect(ask(turns, 't1')).toEqual({ action: 'follow' });
    expect(turns.endingOf({ turnId: 't1', continuation: 0 })).toBeUndefined();
    turns.apply(ended('t1'), { start: 2, end: 3 });
    expect(ask(turns, 't1')).toEqual({ action: 'follow' });
    expect(ask(turns, 't1', 5)).toEqual({ action: 'follow' });
    expect(turns.endingOf({ turnId: 't1', continuation: 0 })).toEqual({ start: 2, end: 3 });
  });

  test('continues a lost turn only when it is told how often it was lost', () => {
    const turns = recordOf(accepted('t1'), started('t1'), lost('t1', 1));
    expect(turns.running).toBeNull();
    expect(ask(turns, 't1', 0)).toEqual({ action: 'follow' });
    expect(turns.endingOf({ turnId: 't1', continuation: 0 })).toEqual({ start: 2, end: 3 });
    expect(ask(turns, 't1', 1)).toEqual({ action: 'continue', cause: 'supervisor-died' });
    expect(turns.endingOf({ turnId: 't1', continuation: 1 })).toBeUndefined();
    expect(ask(turns, 't1', 2)).toMatchObject({ action: 'refuse', error: 'conflict' });
  });

  test('gives an old request the loss that it asked about, while the turn goes on', () => {
    const turns = recordOf(accepted('t1'), started('t1'), lost('t1', 1), started('t1', 1));
    expect(ask(turns, 't1', 0)).toEqual({ action: 'follow' });
    expect(turns.endingOf({ turnId: 't1', continuation: 0 })).toEqual({ start: 2, end: 3 });
    expect(ask(turns, 't1', 1)).toEqual({ action: 'follow' });
    expect(turns.lossesOf('t1')).toBe(2);
    expect(ask(turns, 't1', 2)).toEqual({ action: 'replace' });
  });

  test('goes on counting losses where an earlier generation stopped', () => {
    const turns = recordOf(accepted('t1'), started('t1', 1));
    expect(turns.lossesOf('t1')).toBe(2);
    turns.apply(lost('t1', 2), { start: 2, end: 3 });
    expect(turns.endingOf({ turnId: 't1', continuation: 1 })).toEqual({ start: 2, end: 3 });
    expect(ask(turns, 't1', 2)).toMatchObject({ action: 'continue' });
  });

  test('takes what is said within a turn once, until the turn is over here', () => {
    const turns = recordOf(accepted('t1'));
    const say = (promptId: string) => turns.decideSteer({ turnId: 't1', promptId });
    expect(turns.decideSteer({ turnId: 't0', promptId: 's1' })).toBe('unknown');
    expect(say('s1')).toBe('unknown');
    turns.apply(started('t1'), { start: 1, end: 2 });
    expect(say('s1')).toBe('tell');
    turns.apply({ kind: 'turn.steered', at, turnId: 't1', promptId: 's1' }, { start: 2, end: 3 });
    expect(say('s1')).toBe('known');
    turns.apply(lost('t1', 1), { start: 3, end: 4 });
    expect(say('s2')).toBe('tell');
    turns.apply(started('t1', 1), { start: 4, end: 5 });
    turns.apply(ended('t1'), { start: 5, end: 6 });
    expect(say('s1')).toBe('known');
    expect(say('s2')).toBe('over');
  });

  test('is over here with a turn that was suspended, and follows it for whoever asks again', () => {
    const turns = recordOf(accepted('t1'), started('t1'));
    turns.apply(
      { kind: 'turn.suspended', at, turnId: 't1', totals, agentSessionId: null, carried: [] },
      { start: 2, end: 3 },
    );
    expect(turns.running).toBeNull();
    expect(ask(turns, 't1')).toEqual({ action: 'follow' });
    expect(turns.endingOf({ turnId: 't1', continuation: 0 })).toEqual({ start: 2, end: 3 });
    expect(turns.decideSteer({ turnId: 't1', promptId: 's1' })).toBe('over');
    expect(turns.startedBefore('t2')).toEqual([{ turnId: 't1', continuation: 0 }]);
  });

  test('runs one turn at a time, and none under another text', () => {
    const turns = recordOf(accepted('t1'), started('t1'));
    expect(ask(turns, 't2')).toMatchObject({ action: 'refuse', error: 'turn-running' });
    const other = turns.decide({ turnId: 't1', continuation: 0, textHash: 'another' });
    expect(other).toMatchObject({ action: 'refuse', error: 'conflict' });
  });
});
