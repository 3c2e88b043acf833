/**
 * Ends what the ledger thinks open (I7). Owns the end of every row: with its sandbox, and not before it is certain that no
 * attempt to create one, whose answer nobody heard, still brings another of that name.
 */
import type { Sandbox } from '../sandbox/provider.ts';
import type { SandboxRecord } from '../store/store.ts';
import type { ActivityDeps } from './deps.ts';

export type LedgerDeps = Pick<ActivityDeps, 'store' | 'provider' | 'log'>;

/** An attempt is over by then, whatever became of its worker: its requests have deadlines of minutes. */
const attemptSeconds = 10 * 60;
/** Of other sessions, with one create. */
const oldIntentsAtOnce = 5;

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

/** Intents of any session that nobody looks after any more. What does not work now works with another create. */
export async function settleOldIntents(deps: LedgerDeps): Promise<void> {
  const old = (await deps.store.sandboxes.listOpen()).filter(
    ({ sandboxId, intendedAt }) => sandboxId === null && !isRecent(intendedAt),
  );
  for (const entry of old.slice(0, oldIntentsAtOnce)) {
    await endRecorded(deps, entry).catch((error: unknown) =>
      deps.log('an old intent could not be settled', { sandbox: entry.name, cause: String(error) }),
    );
  }
}

/** True when it is certain that the row's sandbox has ended or was never created; the row has ended then, too. */
export async function endRecorded(deps: LedgerDeps, entry: SandboxRecord): Promise<boolean> {
  const { store, provider } = deps;
  const { name, sandboxId, intendedAt } = entry;
  if (sandboxId !== null) await (await provider.attach(sandboxId)).terminate();
  const named = sandboxId === null || isInDoubt(entry) ? await provider.findByName(name) : null;
  if (named !== null) await endFound(deps, name, named);
  // The one in doubt is there when another than the known one has the name.
  const isClear = !isInDoubt(entry) || (sandboxId !== null && named !== null);
  const isKnown = sandboxId !== null || named !== null || !isRecent(intendedAt);
  if (!isClear || !isKnown) return false;
  const existed = sandboxId !== null || named !== null;
  await store.sandboxes.recordEnded({
    name,
    reason: existed ? 'ended by the session' : 'it was never created',
  });
  return true;
}

async function endFound({ store }: LedgerDeps, name: string, sandbox: Sandbox): Promise<void> {
  await store.sandboxes.recordCreated({ name, sandboxId: sandbox.sandboxId });
  await sandbox.terminate();
}

/** Whether an attempt of which nobody heard may still bring a sandbox of this name. */
export function isInDoubt({ doubtedAt }: SandboxRecord): boolean {
  return doubtedAt !== null && isRecent(doubtedAt);
}

function isRecent(at: string): boolean {
  return Date.now() - Date.parse(at) < attemptSeconds * 1_000;
}
