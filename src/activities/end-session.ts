/** Ends a session's sandboxes, and closes the session with what it keeps. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { endSandboxes } from './end-sandboxes.ts';
import { deleteNeedlessSnapshots } from './needless-snapshots.ts';
import type { CloseSessionInput, EndSandboxesInput } from './types.ts';

const all = { below: Number.POSITIVE_INFINITY };

/** How long a session that closes looks for a sandbox that may still come. */
const closingPatienceSeconds = 30;
const longestPauseMs = 4_000;

/** Also one that an attempt created without reporting back. */
export async function endSessionSandboxes(deps: ActivityDeps, input: EndSandboxesInput): Promise<void> {
  await endSandboxes(deps, input.sessionId, all);
}

/**
 * Keeps the newest checkpoint and what it needs for the session's retention time, or nothing when `discard` was asked. What
 * cannot be deleted now, the reaper deletes.
 */
export async function closeSession(
  deps: ActivityDeps,
  input: CloseSessionInput,
  { signal }: Attempt,
): Promise<void> {
  const { sessionId, session, discard } = input;
  await lookForLateSandboxes(deps, sessionId, signal);
  const forgetAt = Date.now() + session.options.retentionSeconds * 1_000;
  if (discard) await deps.store.deleteSession(sessionId, { keepEvents: true });
  else await deps.store.closedSessions.record(sessionId, new Date(forgetAt).toISOString());
  await deleteNeedlessSnapshots(deps, { sessionId });
  deps.vault.forget(sessionId);
}

/** What is not settled by then stays open in the ledger: the reaper settles it. */
async function lookForLateSandboxes(
  deps: ActivityDeps,
  sessionId: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + closingPatienceSeconds * 1_000;
  const look = async (): Promise<boolean> =>
    endSandboxes(deps, sessionId, all).catch((error: unknown) => {
      deps.log('a sandbox could not be ended', { session: sessionId, cause: String(error) });
      return false;
    });
  for (let pauseMs = 250; !(await look()); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    if (performance.now() > deadline) {
      deps.log('a sandbox that may still come stays open in the ledger', { session: sessionId });
      return;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}
