import { describe, expect, test } from 'vitest';
import { isOldIntent, ledgerVerdict } from '../../src/activities/ledger-verdict.ts';
import type { LedgerVerdict } from '../../src/activities/ledger-verdict.ts';
import type { SandboxRecord } from '../../src/store/store.ts';

const nowMs = Date.parse('2026-01-01T12:00:00.000Z');
const recent = new Date(nowMs - 9 * 60_000).toISOString();
const old = new Date(nowMs - 11 * 60_000).toISOString();
const older = new Date(nowMs - 20 * 60_000).toISOString();

type Changes = Partial<Omit<SandboxRecord, 'endedAt' | 'endedReason'>>;
const open = { endedAt: null, endedReason: null };
const ended = { endedAt: recent, endedReason: 'ended by the session' };

function row(changes: Changes, end: typeof open | typeof ended = open): SandboxRecord {
  const about = { name: 's-g1', sessionId: 's', generation: 1 };
  return {
    ...about,
    sandboxId: null,
    imageId: null,
    intendedAt: recent,
    doubtedAt: null,
    ...changes,
    ...end,
  };
}

const cases: { what: string; entry: SandboxRecord; named?: string; verdict: LedgerVerdict; isOld?: true }[] =
  [
    { what: 'a new intent', entry: row({}), verdict: 'may-still-come' },
    { what: 'a new intent whose sandbox is there', entry: row({}), named: 'sb-1', verdict: 'end-named' },
    { what: 'an old intent', entry: row({ intendedAt: old }), verdict: 'never-created', isOld: true },
    {
      what: 'an old intent whose sandbox is there',
      entry: row({ intendedAt: old }),
      named: 'sb-1',
      verdict: 'end-named',
      isOld: true,
    },
    {
      what: 'an old intent with an older doubt',
      entry: row({ intendedAt: old, doubtedAt: older }),
      verdict: 'never-created',
      isOld: true,
    },
    { what: 'a new intent with an old doubt', entry: row({ doubtedAt: old }), verdict: 'may-still-come' },
    { what: 'a known sandbox', entry: row({ sandboxId: 'sb-1', intendedAt: old }), verdict: 'end-known' },
    {
      what: 'a known sandbox with a doubt',
      entry: row({ sandboxId: 'sb-1', intendedAt: old, doubtedAt: older }),
      verdict: 'end-known',
    },
    { what: 'an ended sandbox', entry: row({ sandboxId: 'sb-1' }, ended), verdict: 'ended' },
    { what: 'an attempt that was refused', entry: row({}, ended), verdict: 'ended' },
    {
      what: 'an ended sandbox with a new doubt',
      entry: row({ sandboxId: 'sb-1', doubtedAt: recent }, ended),
      verdict: 'may-still-come',
    },
    {
      what: 'an ended sandbox with a new doubt, still found by its name',
      entry: row({ sandboxId: 'sb-1', doubtedAt: recent }, ended),
      named: 'sb-1',
      verdict: 'may-still-come',
    },
    {
      what: 'an ended sandbox with a doubt whose sandbox is there',
      entry: row({ sandboxId: 'sb-1', doubtedAt: recent }, ended),
      named: 'sb-2',
      verdict: 'end-named',
    },
    {
      what: 'an ended sandbox with an old doubt',
      entry: row({ sandboxId: 'sb-1', doubtedAt: old }, ended),
      verdict: 'doubt-over',
      isOld: true,
    },
    {
      what: 'a refused attempt with a new doubt',
      entry: row({ doubtedAt: recent }, ended),
      verdict: 'may-still-come',
    },
  ];

describe('the ledger says of', () => {
  test.each(cases)('$what: $verdict', ({ entry, named = null, verdict, isOld = false }) => {
    expect(ledgerVerdict(entry, named, nowMs)).toBe(verdict);
    expect(isOldIntent(entry, nowMs)).toBe(isOld);
  });
});
