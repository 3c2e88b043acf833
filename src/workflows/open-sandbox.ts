/** Brings a session into a live sandbox: its first one, a restored one, or one that replaces a lost one. */
import { failureTypes } from '../contracts/failures.ts';
import { isUsableRuntime } from '../contracts/runtime-version.ts';
import type { EventBody } from '../contracts/events.ts';
import { createSandbox, startSupervisor } from './activities.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import type { SessionRun } from './session-run.ts';

export type ReopenReason = Extract<EventBody, { type: 'session.resuming' }>['data']['reason'];

/** Sandboxes that are lost while they start are replaced this often before the start counts as failed. */
const maximumLosses = 3;

/**
 * Ends with a live sandbox and phase `idle`, or throws the failure of the activity that gave up.
 * A generation number is never used twice: a journal's offsets belong to one sandbox (I5).
 */
export async function openSandbox(run: SessionRun, reason: ReopenReason | 'start'): Promise<void> {
  const { data } = run;
  if (reason !== 'start') {
    run.setPhase({ status: 'resuming' });
    run.emit({ type: 'session.resuming', data: { reason } });
  }
  // What asks from now on asks for what comes after a pause that waits.
  data.asked.resume = false;
  const first = data.checkpoint === null && data.generation === 0;
  for (let losses = 0; ; losses += 1) {
    data.generation += 1;
    try {
      await openGeneration(run, first);
      run.touch();
      run.setPhase({ status: 'idle' });
      return;
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
  const { data, input } = run;
  const snapshot =
    data.snapshot !== null && isUsableRuntime(data.snapshot.runtimeVersion) ? data.snapshot : null;
  const { generation } = data;
  const lifetimeSeconds = input.options.sandboxLifetimeSeconds;
  const created = await run.carrying(async (carried) =>
    createSandbox.executeWithOptions({ summary: `sandbox of generation ${generation}` }, [
      { ...carried, generation, snapshot, lifetimeSeconds },
    ]),
  );
  const { sandboxId, imageId } = created;
  const checkpointId = data.checkpoint?.checkpointId ?? null;
  const restore = first ? null : { checkpointId, imageFrom: created.from, imageId };
  const started = await run.carrying(async (carried) =>
    startSupervisor.executeWithOptions({ summary: first ? 'clone and start the agent' : 'restore' }, [
      { ...carried, generation, sandboxId, restore },
    ]),
  );
  data.sandbox = {
    sandboxId: created.sandboxId,
    imageId: created.imageId,
    runtimeVersion: started.runtimeVersion,
  };
  data.heads = started.heads;
}
