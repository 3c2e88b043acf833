/** Creates a generation's sandbox, once (I7), and puts the supervisor into it. */
import type { EventBody } from '../contracts/events.ts';
import { sandboxNameOf } from '../contracts/ids.ts';
import { ImageGone, ProviderBusy, ProviderUnavailable } from '../sandbox/errors.ts';
import type { ImageRef } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { endSandboxes, settleOldIntents } from './end-sandboxes.ts';
import { findOrCreate } from './find-or-create.ts';
import { entrypoint, installSupervisor, programPath } from './install-supervisor.ts';
import { tell } from './own-events.ts';
import type { CreateSandboxInput, CreatedSandbox } from './types.ts';

/** From the snapshot or the base image. Throws `SandboxLost`, `ImageGone`, `ProviderBusy`, `ProviderRefused`. */
export async function createSandbox(
  deps: ActivityDeps,
  input: CreateSandboxInput,
  attempt: Attempt,
): Promise<CreatedSandbox> {
  const { sessionId, generation, snapshot } = input;
  const from = snapshot === null ? 'base' : 'snapshot';
  const note = async (step: string, body: EventBody): Promise<void> =>
    tell(deps, input, { eventId: `${step}-g${generation}`, body });
  await endSandboxes(deps, sessionId, { below: generation });
  await settleOldIntents(deps);
  const image: ImageRef = snapshot ?? (await deps.baseImage.find(attempt.signal));
  const name = sandboxNameOf(sessionId, generation);
  await note('sandbox-creating', {
    type: 'sandbox.creating',
    data: { name, image: from, imageId: image.imageId },
  });
  const began = performance.now();
  const wanted = {
    sessionId,
    generation,
    name,
    image,
    command: entrypoint(programPath(deps)),
    tags: { session: sessionId, generation: String(generation) },
    timeoutSeconds: input.lifetimeSeconds,
  };
  const sandbox = await findOrCreate(deps, wanted, attempt).catch(async (error: unknown) => {
    if (error instanceof ProviderBusy || error instanceof ProviderUnavailable) {
      await note('sandbox-waiting', { type: 'sandbox.waiting', data: { message: error.message } });
    }
    if (!(error instanceof ImageGone) || snapshot !== null) throw error;
    await deps.baseImage.forget();
    throw new ProviderUnavailable('the base image is gone: the next attempt builds it again');
  });
  const created = performance.now();
  await installSupervisor(deps, sandbox, attempt.signal);
  const ready = performance.now();
  await note('sandbox-ready', {
    type: 'sandbox.ready',
    data: {
      sandboxId: sandbox.sandboxId,
      createMs: Math.round(created - began),
      supervisorMs: Math.round(ready - created),
    },
  });
  return { sandboxId: sandbox.sandboxId, imageId: image.imageId, from };
}
