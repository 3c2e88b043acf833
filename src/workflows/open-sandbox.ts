/** Brings a session into a live sandbox: its first one, a restored one, or one that replaces a lost one. */
import { failureTypes } from '../contracts/failures.ts';
import { isUsableRuntime } from '../contracts/runtime-version.ts';
import { createSandbox, startSupervisor } from './activities.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import type { CreatedSandbox } from '../activities/types.ts';
import { beginAtFork } from './go-to-checkpoint.ts';
import type { SessionRun } from './session-run.ts';
import { becomeLive, beginOpening } from './transitions.ts';
import type { ReopenReason } from './transitions.ts';

/** Sandboxes that are lost while they start are replaced this often before the start counts as failed. */
const maximumLosses = 3;

/**
 * Ends with a live sandbox and phase `idle`, or throws the failure of the activity that gave up.
 * A generation number is never used twice: a journal's offsets belong to one sandbox (I5).
 */
export async function openSandbox(run: SessionRun, reason: ReopenReason | 'start'): Promise<void> {
  const { data } = run;
  beginOpening(run, reason);
  if (reason === 'start') await beginAtFork(run);
  dropUnusableSnapshot(run);
  const first = data.checkpoint === null && data.generation === 0;
  for (let losses = 0; ; losses += 1) {
    data.generation += 1;
    try {
      return await openGeneration(run, first);
    } catch (error) {
      const type = failureTypeOf(error);
      if (type === failureTypes.imageGone && data.snapshot !== null) {
        data.snapshot = null;
        run.warn('the snapshot is gone: starting from the base image with the carried work');
      } else if (type === failureTypes.sandboxLost && losses < maximumLosses) {
        run.warn(`the sandbox was lost while it started (${describeFailure(error)}): trying another one`);
      } else throw error;
    }
  }
}

async function openGeneration(run: SessionRun, first: boolean): Promise<void> {
  const { data } = run;
  const { generation } = data;
  const { sandboxId, imageId, from, endsAt } = await createWhenThereIsRoom(run);
  const checkpointId = data.checkpoint?.checkpointId ?? null;
  const restore = first ? null : { checkpointId, imageFrom: from, imageId };
  const started = await run.carrying(async (carried) =>
    startSupervisor.executeWithOptions({ summary: first ? 'clone and start the agent' : 'restore' }, [
      { ...carried, generation, sandboxId, restore, image: { imageId, from } },
    ]),
  );
  const { runtimeVersion, heads } = started;
  becomeLive(run, { sandboxId, imageId, endsAt, runtimeVersion }, heads);
}

/** While the provider has no room the session waits, and says so. */
async function createWhenThereIsRoom(run: SessionRun): Promise<CreatedSandbox> {
  try {
    return await create(run, { patient: false });
  } catch (error) {
    if (failureTypeOf(error) !== failureTypes.providerBusy) throw error;
    run.setWaiting(describeFailure(error));
    return await create(run, { patient: true });
  } finally {
    run.setWaiting(null);
  }
}

async function create(run: SessionRun, { patient }: { patient: boolean }): Promise<CreatedSandbox> {
  const { generation, snapshot } = run.data;
  const lifetimeSeconds = run.input.options.sandboxLifetimeSeconds;
  return run.carrying(async (carried) =>
    createSandbox.executeWithOptions({ summary: `sandbox of generation ${generation}` }, [
      { ...carried, generation, snapshot, lifetimeSeconds, patient },
    ]),
  );
}

/** Its runtime does not understand today's supervisor (contracts/runtime-version.ts). */
function dropUnusableSnapshot(run: SessionRun): void {
  const { snapshot } = run.data;
  if (snapshot === null || isUsableRuntime(snapshot.runtimeVersion)) return;
  run.data.snapshot = null;
  run.warn(
    `the snapshot was made by an older Harvest (${snapshot.runtimeVersion}) and cannot be used: starting from the base image with the carried work`,
  );
}
