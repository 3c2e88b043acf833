import { describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../../src/contracts/supervisor.ts';
import { StartRecord } from '../../../src/supervisor/start/start-record.ts';

const at = '2026-01-01T00:00:00.000Z';
const finished: JournalRecord = { kind: 'start.finished', at, heads: [], runtimeVersion: '1-sdk.0.0.0' };
const failed: JournalRecord = { kind: 'start.failed', at, failure: { kind: 'network', message: 'no way' } };
const other: JournalRecord = { kind: 'exec.accepted', at, execId: 'e1' };

/** The n-th record lies at byte n. */
function recordOf(...records: JournalRecord[]): StartRecord {
  const starts = new StartRecord();
  for (const [index, record] of records.entries()) starts.apply(record, { start: index, end: index + 1 });
  return starts;
}

describe('the start record', () => {
  test('knows of no start in an empty journal, or one of other records', () => {
    for (const starts of [recordOf(), recordOf(other)]) {
      expect(starts.finishedOnce).toBe(false);
      expect(starts.newest).toBeUndefined();
      expect(starts.unseenFailure(0)).toBeUndefined();
    }
  });

  test('gives the newest start, finished or failed', () => {
    expect(recordOf(failed, other, finished, other).newest).toEqual({ start: 2, end: 3 });
    expect(recordOf(finished, other, failed).newest).toEqual({ start: 2, end: 3 });
  });

  test('keeps repositories in place once a start finished, whatever fails later', () => {
    expect(recordOf(failed).finishedOnce).toBe(false);
    expect(recordOf(failed, finished).finishedOnce).toBe(true);
    expect(recordOf(finished, failed).finishedOnce).toBe(true);
  });

  test('gives a failure to a reader who is not behind it yet, and to no other', () => {
    const starts = recordOf(other, failed);
    expect(starts.unseenFailure(0)).toEqual({ start: 1, end: 2 });
    expect(starts.unseenFailure(1)).toEqual({ start: 1, end: 2 });
    expect(starts.unseenFailure(2)).toBeUndefined();
  });

  test('gives no failure that a later start has mended, and only the newest of several', () => {
    expect(recordOf(failed, finished).unseenFailure(0)).toBeUndefined();
    expect(recordOf(failed, failed).unseenFailure(0)).toEqual({ start: 1, end: 2 });
  });
});
