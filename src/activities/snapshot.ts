/** A checkpoint with a snapshot of the file system, and the end of the snapshots that it supersedes. */
import type { Checkpoint } from '../contracts/checkpoint.ts';
import type { ImageRef, Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { deleteNeedlessSnapshots } from './needless-snapshots.ts';
import { JournalPump } from './journal-pump.ts';
import { tell } from './own-events.ts';
import { ask, waitForSupervisor } from './supervisor-client.ts';
import type { TakeSnapshotInput } from './types.ts';
import { whenAborted } from './when-aborted.ts';

/** Modal gives up after 55 s by itself; a large file system takes longer. */
const snapshotTimeoutSeconds = 8 * 60;

/**
 * Once per checkpoint id. Throws `SandboxLost`, `ProviderUnavailable`. An attempt that dies between the provider's snapshot
 * and the store's record of it leaves an image that nobody knows: the provider gives no list of images and takes no name for
 * a snapshot, so nothing can be looked up (docs/adr/0013-reaper-and-snapshots.md).
 */
export async function takeSnapshot(
  deps: ActivityDeps,
  input: TakeSnapshotInput,
  attempt: Attempt,
): Promise<Checkpoint> {
  const { sessionId, generation, checkpointId, purpose } = input;
  const saved = await deps.store.checkpoints.find(sessionId, checkpointId);
  if (saved !== null) return finish(deps, input, saved);
  const sandbox = await deps.provider.attach(input.sandboxId);
  const { signal } = attempt;
  const { runtimeVersion } = await waitForSupervisor(sandbox, { timeoutSeconds: 30, signal });
  const isLast = purpose !== 'request';
  if (isLast) await ask(sandbox, { method: 'POST', path: '/quiesce', signal });
  await drain(deps, { sessionId, generation, sandbox, signal });
  const before = await deps.store.checkpoints.latest(sessionId);
  const began = performance.now();
  const { imageId } = await snapshotOf(deps, sandbox, signal);
  const durationMs = Math.round(performance.now() - began);
  const checkpoint: Checkpoint = {
    checkpointId,
    sessionId,
    generation,
    turnId: input.turnId,
    at: new Date().toISOString(),
    carried: before?.carried ?? [],
    // Nobody speaks any more in a sandbox that is left, and all that was said is in the store now.
    transcript: isLast ? await deps.store.transcripts.position(sessionId) : (before?.transcript ?? null),
    snapshot: { imageId, runtimeVersion, generation },
    costUsd: input.costUsd,
  };
  const counted = await deps.store.snapshots.record(checkpoint, purpose);
  if (counted.snapshot?.imageId === imageId)
    await tell(deps, input, {
      eventId: `taken-${checkpointId}`,
      body: { type: 'snapshot.taken', data: { imageId, durationMs } },
    });
  return finish(deps, input, counted);
}

/** Once asked for it is made, whether or not anybody still waits: then it is deleted when it comes, while this process lives. */
export async function snapshotOf(
  deps: ActivityDeps,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<ImageRef> {
  signal.throwIfAborted();
  const taking = sandbox.snapshot({ timeoutSeconds: snapshotTimeoutSeconds });
  try {
    return await Promise.race([taking, whenAborted(signal)]);
  } catch (error) {
    if (signal.aborted) void deleteWhenTaken(deps, taking);
    throw error;
  }
}

async function deleteWhenTaken(deps: ActivityDeps, taking: Promise<ImageRef>): Promise<void> {
  try {
    await deps.provider.deleteImage(await taking);
  } catch (error) {
    deps.log('a snapshot that nobody waits for was not taken, or stays', { cause: String(error) });
  }
}

/** What an attempt may have left undone that died after its snapshot was recorded. */
async function finish(
  deps: ActivityDeps,
  input: TakeSnapshotInput,
  checkpoint: Checkpoint,
): Promise<Checkpoint> {
  const { checkpointId, carried, snapshot } = checkpoint;
  const snapshotImageId = snapshot?.imageId ?? null;
  await tell(deps, input, {
    eventId: `created-${checkpointId}`,
    body: { type: 'checkpoint.created', data: { checkpointId, carried, snapshotImageId } },
  });
  await deleteNeedlessSnapshots(deps, { sessionId: input.sessionId });
  return checkpoint;
}

type Draining = { sessionId: string; generation: number; sandbox: Sandbox; signal: AbortSignal };

/** Brings the rest of the journal into the event log: what came after the last turn was read by nobody. */
async function drain(deps: ActivityDeps, { sandbox, ...rest }: Draining): Promise<void> {
  await new JournalPump({ deps, sandbox, ...rest }).stream('/journal', null);
}
