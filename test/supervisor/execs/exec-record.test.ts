import { describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../../src/contracts/supervisor.ts';
import { ExecRecord } from '../../../src/supervisor/execs/exec-record.ts';

const at = '2026-01-01T00:00:00.000Z';
const accepted = (execId: string): JournalRecord => ({ kind: 'exec.accepted', at, execId });
const ended = (execId: string): JournalRecord => ({
  kind: 'exec.ended',
  at,
  execId,
  outcome: { status: 'exited', exitCode: 0 },
  durationMs: 1,
  output: '',
  stdout: '',
  stderr: '',
});

/** The n-th record lies at byte n. */
function recordOf(...records: JournalRecord[]): ExecRecord {
  const execs = new ExecRecord();
  for (const [index, record] of records.entries()) execs.apply(record, { start: index, end: index + 1 });
  return execs;
}

describe('the exec record', () => {
  test('does not know an exec that was never accepted', () => {
    const execs = recordOf(accepted('e1'));
    expect(execs.isKnown('e2')).toBe(false);
    expect(execs.endingOf('e2')).toBeUndefined();
  });

  test('knows an accepted exec as running, without an ending', () => {
    const execs = recordOf(accepted('e1'));
    expect(execs.isKnown('e1')).toBe(true);
    expect(execs.endingOf('e1')).toBeUndefined();
    expect(execs.running()).toEqual(['e1']);
  });

  test('gives the place of the record that ended an exec, and still knows it', () => {
    const execs = recordOf(accepted('e1'), ended('e1'));
    expect(execs.isKnown('e1')).toBe(true);
    expect(execs.endingOf('e1')).toEqual({ start: 1, end: 2 });
    expect(execs.running()).toEqual([]);
  });

  test('keeps execs that run beside each other apart', () => {
    const execs = recordOf(accepted('e1'), accepted('e2'), accepted('e3'), ended('e2'));
    expect(execs.running()).toEqual(['e1', 'e3']);
    expect(execs.endingOf('e2')).toEqual({ start: 3, end: 4 });
  });
});
