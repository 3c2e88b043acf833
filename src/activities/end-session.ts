/** Ends a session's sandboxes, and closes the session with what it keeps. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { endSandboxes } from './end-sandboxes.ts';
import type { CloseSessionInput, EndSandboxesInput } from './types.ts';

const all = { below: Number.POSITIVE_INFINITY };

/** How long a session that closes looks for a sandbox that may still come. */
const closingPatienceSeconds = 30;
const longestPauseMs = 4_000;

/** Also one that an attempt created without reporting back. */
export async function endSessionSandboxes(deps: ActivityDeps, input: EndSandboxesInput): Promise<void> {
  await endSandboxes(deps, input.sessionId, all);
}

/** Keeps the newest checkpoint and what it needs, or nothing when `discard` was asked. */
export async function closeSession(
  deps: ActivityDeps,
  input: CloseSessionInput,
  { signal }: Attempt,
): Promise<void> {
  const { sessionId, discard } = input;
  await lookForLateSandboxes(deps, sessionId, signal);
  const latest = await deps.store.checkpoints.latest(sessionId);
  for (const checkpoint of await deps.store.checkpoints.list(sessionId)) {
    const { snapshot } = checkpoint;
    if (snapshot === null || (!discard && snapshot.imageId === latest?.snapshot?.imageId)) continue;
    await deps.provider.deleteImage({ imageId: snapshot.imageId });
  }
  if (discard) await deps.store.deleteSession(sessionId, { keepEvents: true });
  deps.vault.forget(sessionId);
}

/** What is not settled by then stays open in the ledger: another session's create settles it (`settleOldIntents`). */
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
