/** Creates a generation's sandbox, once (I7), and puts the supervisor into it. */
import type { EventBody } from '../contracts/events.ts';
import { sandboxNameOf } from '../contracts/ids.ts';
import { supervisorPaths } from '../contracts/supervisor.ts';
import { ImageGone, ProviderBusy, ProviderUnavailable, SandboxLost } from '../sandbox/errors.ts';
import type { ImageRef, Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { endSandboxes } from './end-session.ts';
import { tell } from './own-events.ts';
import { waitForSupervisor } from './supervisor-client.ts';
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
  const image: ImageRef = snapshot ?? (await deps.baseImage.find(attempt.signal));
  const name = sandboxNameOf(sessionId, generation);
  await note('sandbox-creating', {
    type: 'sandbox.creating',
    data: { name, image: from, imageId: image.imageId },
  });
  const began = performance.now();
  const sandbox = await findOrCreate(deps, { ...input, image, name }, attempt).catch(
    async (error: unknown) => {
      if (error instanceof ProviderBusy || error instanceof ProviderUnavailable) {
        await note('sandbox-waiting', { type: 'sandbox.waiting', data: { message: error.message } });
      }
      if (!(error instanceof ImageGone) || snapshot !== null) throw error;
      await deps.baseImage.forget();
      throw new ProviderUnavailable('the base image is gone: the next attempt builds it again');
    },
  );
  const created = performance.now();
  await upload(deps, sandbox, attempt.signal);
  await waitForSupervisor(sandbox, { timeoutSeconds: 60, signal: attempt.signal });
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

/** I7: recorded before it is created; one that the ledger knows is attached to, and if it ended, it is lost. */
async function findOrCreate(
  deps: ActivityDeps,
  input: CreateSandboxInput & { image: ImageRef; name: string },
  attempt: Attempt,
): Promise<Sandbox> {
  const { sessionId, generation, name, image } = input;
  const known = await deps.store.sandboxes.find(name);
  if (known !== null && known.sandboxId !== null) {
    const sandbox = await deps.provider.attach(known.sandboxId);
    if (await sandbox.isRunning()) return sandbox;
    throw new SandboxLost(known.sandboxId, 'it ended while it started');
  }
  await deps.store.sandboxes.recordIntent({ name, sessionId, generation });
  const sandbox = await deps.provider.create({
    name,
    image,
    command: entrypoint(programPath(deps)),
    tags: { session: sessionId, generation: String(generation) },
    timeoutSeconds: input.lifetimeSeconds,
    signal: attempt.signal,
  });
  await deps.store.sandboxes.recordCreated({ name, sandboxId: sandbox.sandboxId });
  return sandbox;
}

function programPath(deps: ActivityDeps): string {
  return `${supervisorPaths.programs}/${deps.supervisor.fileName}`;
}

/** Waits for the program, runs it, and runs it again when it dies. */
function entrypoint(program: string): string[] {
  const script = 'while :; do [ -f "$1" ] && "$0" "$1"; sleep 0.02; done';
  return ['/bin/sh', '-c', script, supervisorPaths.node, program];
}

/** The program appears whole, by a rename; doing so is also the first command that a new sandbox has to pass. */
async function upload(deps: ActivityDeps, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  const path = programPath(deps);
  const part = `${path}.part`;
  await sandbox.writeFile(part, Buffer.from(deps.supervisor.code, 'utf8'), signal);
  const move = await sandbox.exec(['mv', part, path], { signal });
  for await (const _ of move.stdout);
  if ((await move.wait()) !== 0)
    throw new ProviderUnavailable('the supervisor could not be put into the sandbox');
}
