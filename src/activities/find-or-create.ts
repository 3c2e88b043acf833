/**
 * A generation's sandbox: found, or created once (I7). Owns what the ledger says of it from the first intent to its id: a row
 * is open as long as a sandbox of its name may still come into being, so that whoever ends the session looks for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageGone, ProviderBusy, ProviderRefused, SandboxLost } from '../sandbox/errors.ts';
import type { CreateSandbox, Sandbox } from '../sandbox/provider.ts';
import type { SandboxRecord } from '../store/store.ts';
import type { Attempt } from './attempt.ts';
import { endRecorded } from './end-sandboxes.ts';
import type { LedgerDeps } from './end-sandboxes.ts';
import { whenAborted } from './when-aborted.ts';

export type WantedSandbox = Omit<CreateSandbox, 'signal'> & { sessionId: string; generation: number };

/** How long a cancelled attempt waits for what it asked the provider for. */
const settleSeconds = 30;

/** One that the ledger knows is attached to, and if it ended, it is lost. Throws `SandboxLost` and what `create` throws. */
export async function findOrCreate(
  deps: LedgerDeps,
  wanted: WantedSandbox,
  attempt: Pick<Attempt, 'signal' | 'cancelRequested'>,
): Promise<Sandbox> {
  const { sessionId, generation, ...request } = wanted;
  const { name } = request;
  const known = await deps.store.sandboxes.find(name);
  if (known !== null && known.sandboxId !== null) {
    const sandbox = await deps.provider.attach(known.sandboxId);
    if (await sandbox.isRunning()) return sandbox;
    throw new SandboxLost(known.sandboxId, 'it ended while it started');
  }
  attempt.signal.throwIfAborted();
  const intent = await deps.store.sandboxes.recordIntent({
    name,
    sessionId,
    generation,
    imageId: request.image.imageId,
  });
  // Without the attempt's signal: what was sent is carried out whether or not anybody hears the answer.
  const creating = create(deps, request, intent);
  try {
    return await Promise.race([creating, whenAborted(attempt.signal)]);
  } catch (error) {
    // A worker that shuts down leaves it to the next attempt, which finds it by its name.
    if (attempt.signal.aborted && attempt.cancelRequested()) await endUnwanted(deps, name, creating);
    throw error;
  }
}

async function create(deps: LedgerDeps, request: CreateSandbox, intent: SandboxRecord): Promise<Sandbox> {
  const { name } = request;
  try {
    const sandbox = await deps.provider.create(request);
    await deps.store.sandboxes.recordCreated({ name, sandboxId: sandbox.sandboxId });
    return sandbox;
  } catch (error) {
    await recordFailure(deps, intent, error).catch((failure: unknown) =>
      deps.log('the ledger does not know how a create failed', { sandbox: name, cause: String(failure) }),
    );
    throw error;
  }
}

/** What is certain after a create that failed. Without an answer that tells, the row stays open, as with a later attempt. */
async function recordFailure(
  { store, provider }: LedgerDeps,
  intent: SandboxRecord,
  error: unknown,
): Promise<void> {
  const { name } = intent;
  if (error instanceof SandboxLost) {
    await store.sandboxes.recordCreated({ name, sandboxId: error.sandboxId });
    return;
  }
  const isRefused = [ProviderBusy, ProviderRefused, ImageGone].some((kind) => error instanceof kind);
  // The refusal may have been of the first command in a sandbox that is there.
  if (!isRefused || (await provider.findByName(name)) !== null) return;
  await store.sandboxes.recordEnded(intent, 'it was not created');
}

/** Nobody waits for the sandbox any more: it is ended when it comes, also after the attempt, while this process lives. */
async function endUnwanted(deps: LedgerDeps, name: string, creating: Promise<Sandbox>): Promise<void> {
  const ending = creating
    .then(async () => {
      const row = await deps.store.sandboxes.find(name);
      if (row !== null) await endRecorded(deps, row);
    })
    .catch((error: unknown) =>
      deps.log('a cancelled create ended without a sandbox', { sandbox: name, cause: String(error) }),
    );
  await Promise.race([ending, sleep(settleSeconds * 1_000, undefined, { ref: false })]);
}
