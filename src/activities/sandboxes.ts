/** The life of a sandbox: created once per generation (I7), snapshotted, ended. */
import type { Checkpoint } from '../contracts/checkpoint.ts';
import type { EventBody } from '../contracts/events.ts';
import { sandboxNameOf } from '../contracts/ids.ts';
import { supervisorPaths } from '../contracts/supervisor.ts';
import { ImageGone, ProviderBusy, SandboxLost } from '../sandbox/errors.ts';
import type { ImageRef, Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { JournalPump } from './journal-pump.ts';
import { ask, waitForSupervisor } from './supervisor-client.ts';
import type {
  CloseSessionInput,
  CreateSandboxInput,
  CreatedSandbox,
  EndSandboxInput,
  TakeSnapshotInput,
} from './types.ts';

/** Modal gives up after 55 s by itself; a large file system takes longer. */
const snapshotTimeoutSeconds = 8 * 60;

export async function createSandbox(
  deps: ActivityDeps,
  input: CreateSandboxInput,
  attempt: Attempt,
): Promise<CreatedSandbox> {
  const { sessionId, generation, snapshot } = input;
  const from = snapshot === null ? 'base' : 'snapshot';
  const note = (eventId: string, body: EventBody): Promise<unknown> =>
    deps.store.events.appendOwn(sessionId, [
      { eventId: `${eventId}-g${generation}`, at: new Date().toISOString(), generation, body },
    ]);
  await endOlder(deps, sessionId, generation);
  const image: ImageRef = snapshot ?? (await deps.baseImage.find(attempt.signal));
  const name = sandboxNameOf(sessionId, generation);
  await note('sandbox-creating', {
    type: 'sandbox.creating',
    data: { name, image: from, imageId: image.imageId },
  });
  const began = performance.now();
  const sandbox = await findOrCreate(deps, { ...input, image, name }, attempt).catch(
    async (error: unknown) => {
      if (error instanceof ProviderBusy) {
        await note('sandbox-waiting', { type: 'sandbox.waiting', data: { message: error.message } });
      }
      if (error instanceof ImageGone && snapshot === null) await deps.baseImage.forget();
      throw error;
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
  if ((await move.wait()) !== 0 && !(await sandbox.isRunning()))
    throw new SandboxLost(sandbox.sandboxId, 'it ended while it started');
}

export async function takeSnapshot(
  deps: ActivityDeps,
  input: TakeSnapshotInput,
  attempt: Attempt,
): Promise<Checkpoint> {
  const { sessionId, generation, checkpointId } = input;
  const saved = await deps.store.checkpoints.find(sessionId, checkpointId);
  if (saved !== null) return saved;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const { signal } = attempt;
  const { runtimeVersion } = await waitForSupervisor(sandbox, { timeoutSeconds: 30, signal });
  if (input.quiesce) await ask(sandbox, { method: 'POST', path: '/quiesce', signal });
  await drain(deps, { ...input, sandbox, signal });
  const began = performance.now();
  const { imageId } = await sandbox.snapshot({ timeoutSeconds: snapshotTimeoutSeconds, signal });
  const durationMs = Math.round(performance.now() - began);
  const before = await deps.store.checkpoints.latest(sessionId);
  const at = new Date().toISOString();
  const checkpoint: Checkpoint = {
    checkpointId,
    sessionId,
    generation,
    turnId: input.turnId,
    at,
    carried: before?.carried ?? [],
    transcript: before?.transcript ?? null,
    snapshot: { imageId, runtimeVersion, generation },
  };
  await deps.store.checkpoints.save(checkpoint);
  await deps.store.events.appendOwn(sessionId, [
    {
      eventId: `taken-${checkpointId}`,
      at,
      generation,
      body: { type: 'snapshot.taken', data: { imageId, durationMs } },
    },
    {
      eventId: `created-${checkpointId}`,
      at,
      generation,
      body: {
        type: 'checkpoint.created',
        data: { checkpointId, carried: checkpoint.carried, snapshotImageId: imageId },
      },
    },
  ]);
  return checkpoint;
}

type Draining = { sessionId: string; generation: number; sandbox: Sandbox; signal: AbortSignal };

/** Brings the rest of the journal into the event log: what came after the last turn was read by nobody. */
async function drain(deps: ActivityDeps, { sandbox, ...rest }: Draining): Promise<void> {
  await new JournalPump({ deps, sandbox, ...rest }).stream('/journal', null);
}

/** Ends the session's sandbox, and any that an attempt created without reporting back. */
export async function endSandbox(deps: ActivityDeps, input: EndSandboxInput): Promise<void> {
  await endOlder(deps, input.sessionId, Number.POSITIVE_INFINITY);
}

/** I7: every sandbox of the session below `generation` that the ledger thinks open. */
async function endOlder(deps: ActivityDeps, sessionId: string, generation: number): Promise<void> {
  for (const entry of await deps.store.sandboxes.listOpen()) {
    if (entry.sessionId !== sessionId || entry.generation >= generation) continue;
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
