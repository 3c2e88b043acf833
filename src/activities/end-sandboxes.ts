/**
 * Ends what the ledger thinks open (I7). Owns the end of every row: its known sandbox is ended by its id, and the row
 * stays open until it is certain that no attempt of which nobody heard still brings another sandbox of that name.
 */
import type { Sandbox } from '../sandbox/provider.ts';
import type { SandboxRecord } from '../store/store.ts';
import type { ActivityDeps } from './deps.ts';
import { isKnownOpen, ledgerVerdict } from './ledger-verdict.ts';
import type { LedgerVerdict } from './ledger-verdict.ts';

export type LedgerDeps = Pick<ActivityDeps, 'store' | 'provider' | 'log'>;

/** The session's sandboxes below a generation. False when one may still come: its row stays open. */
export async function endSandboxes(
  deps: LedgerDeps,
  sessionId: string,
  { below }: { below: number },
): Promise<boolean> {
  let settled = true;
  for (const entry of await deps.store.sandboxes.listOpen()) {
    if (entry.sessionId !== sessionId || entry.generation >= below) continue;
    settled = (await endRecorded(deps, entry)) && settled;
  }
  return settled;
}

/**
 * True when it is certain that nothing of the row's name runs or may still come; the row is closed then. False, too, when
 * somebody began another attempt meanwhile: what has the name now may be that one's.
 */
export async function endRecorded(
  deps: LedgerDeps,
  judged: SandboxRecord,
  reason = 'ended by the session',
): Promise<boolean> {
  const { name, intendedAt } = judged;
  let entry: SandboxRecord | null = judged;
  while (entry !== null) {
    if (entry.intendedAt !== intendedAt) return false;
    const named = isKnownOpen(entry) ? null : await deps.provider.findByName(name);
    const verdict = ledgerVerdict(entry, named?.sandboxId ?? null, Date.now());
    if (verdict === 'ended') return true;
    if (verdict === 'may-still-come') return false;
    if (!(await carryOut(deps, entry, { verdict, named, reason }))) return false;
    entry = await deps.store.sandboxes.find(name);
  }
  // Forgotten with its session.
  return true;
}

type Step = {
  verdict: Exclude<LedgerVerdict, 'ended' | 'may-still-come'>;
  named: Sandbox | null;
  reason: string;
};

/** False when the row is not any more what was judged: nothing was recorded then. */
async function carryOut(
  { store, provider }: LedgerDeps,
  entry: SandboxRecord,
  { verdict, named, reason }: Step,
): Promise<boolean> {
  const { sandboxes } = store;
  const { name, sandboxId, doubtedAt } = entry;
  switch (verdict) {
    case 'end-known':
      if (sandboxId !== null) await (await provider.attach(sandboxId)).terminate();
      return sandboxes.recordEnded(entry, reason);
    case 'end-named':
      // Ended as the known one then. It is another attempt's when the row has changed since it was read.
      if (named === null || !isSame(entry, await sandboxes.find(name))) return false;
      await sandboxes.recordCreated({ name, sandboxId: named.sandboxId });
      return true;
    case 'never-created':
      return sandboxes.recordEnded(entry, 'it was never created');
    case 'doubt-over':
      if (doubtedAt !== null) await sandboxes.settleDoubt({ name, doubtedAt });
      return true;
  }
}

function isSame(entry: SandboxRecord, now: SandboxRecord | null): boolean {
  const { intendedAt, sandboxId, endedAt } = entry;
  return now?.intendedAt === intendedAt && now.sandboxId === sandboxId && now.endedAt === endedAt;
}
