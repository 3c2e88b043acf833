/** Ends sandboxes, and closes a session with what it keeps. */
import type { ActivityDeps } from './deps.ts';
import type { CloseSessionInput, EndSandboxInput } from './types.ts';

/** Ends the session's sandbox, and any that an attempt created without reporting back. */
export async function endSandbox(deps: ActivityDeps, input: EndSandboxInput): Promise<void> {
  await endSandboxes(deps, input.sessionId, { below: Number.POSITIVE_INFINITY });
}

/** I7: every sandbox of the session below a generation that the ledger thinks open. */
export async function endSandboxes(
  deps: ActivityDeps,
  sessionId: string,
  { below }: { below: number },
): Promise<void> {
  for (const entry of await deps.store.sandboxes.listOpen()) {
    if (entry.sessionId !== sessionId || entry.generation >= below) continue;
    const sandbox =
      entry.sandboxId === null
        ? await deps.provider.findByName(entry.name)
        : await deps.provider.attach(entry.sandboxId);
    await sandbox?.terminate();
    await deps.store.sandboxes.recordEnded({ name: entry.name, reason: 'ended by the session' });
  }
}

/** Keeps the newest checkpoint and what it needs, or nothing when `discard` was asked. */
export async function closeSession(deps: ActivityDeps, input: CloseSessionInput): Promise<void> {
  const { sessionId, discard } = input;
  const latest = await deps.store.checkpoints.latest(sessionId);
  for (const checkpoint of await deps.store.checkpoints.list(sessionId)) {
    const { snapshot } = checkpoint;
    if (snapshot === null || (!discard && snapshot.imageId === latest?.snapshot?.imageId)) continue;
    await deps.provider.deleteImage({ imageId: snapshot.imageId });
  }
  if (discard) await deps.store.deleteSession(sessionId, { keepCheckpoint: false, keepEvents: true });
  deps.vault.forget(sessionId);
}
