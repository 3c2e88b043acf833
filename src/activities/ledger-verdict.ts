/** What a row of the ledger and a look for its name say together. Pure. */
import type { SandboxRecord } from '../store/store.ts';

/** An attempt is over by then, whatever became of its worker: its requests have deadlines of minutes. */
const attemptSeconds = 10 * 60;

export type LedgerVerdict =
  /** The known sandbox is not known to have ended. */
  | 'end-known'
  /** A sandbox has the name that is not the known one: it came from an attempt of which nobody heard. */
  | 'end-named'
  /** An attempt of which nobody heard how it ended may still bring a sandbox. */
  | 'may-still-come'
  /** The last attempt certainly brought no sandbox, and brings none any more. */
  | 'never-created'
  /** The same of the attempt in doubt. */
  | 'doubt-over'
  /** Nothing of this name runs or may still come. */
  | 'ended';

/** `named` is the id of the sandbox that has the name now. */
export function ledgerVerdict(entry: SandboxRecord, named: string | null, nowMs: number): LedgerVerdict {
  if (isKnownOpen(entry)) return 'end-known';
  const since = unheardSince(entry);
  if (since === null) return 'ended';
  if (named !== null && named !== entry.sandboxId) return 'end-named';
  if (isRecent(since, nowMs)) return 'may-still-come';
  return entry.endedAt === null ? 'never-created' : 'doubt-over';
}

/** Its sandbox is not looked for by name: it is ended by its id. */
export function isKnownOpen({ sandboxId, endedAt }: SandboxRecord): boolean {
  return sandboxId !== null && endedAt === null;
}

/** An attempt without an answer, so old that whoever made it has given up. Its own session may have closed long ago. */
export function isOldIntent(entry: SandboxRecord, nowMs: number): boolean {
  const since = isKnownOpen(entry) ? null : unheardSince(entry);
  return since !== null && !isRecent(since, nowMs);
}

/** When the newest attempt began of which nobody heard how it ended. Every older one is over before it. */
function unheardSince({ endedAt, intendedAt, doubtedAt }: SandboxRecord): string | null {
  return endedAt === null ? intendedAt : doubtedAt;
}

function isRecent(at: string, nowMs: number): boolean {
  return nowMs - Date.parse(at) < attemptSeconds * 1_000;
}
