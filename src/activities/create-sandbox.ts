/** Creates a generation's sandbox, once (I7), and puts the supervisor into it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBody } from '../contracts/events.ts';
import { sandboxNameOf } from '../contracts/ids.ts';
import { ImageGone, ProviderBusy, ProviderUnavailable, SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { SandboxRecord } from '../store/store.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { endSandboxes } from './end-sandboxes.ts';
import { NoRoom } from './errors.ts';
import { findOrCreate } from './find-or-create.ts';
import { ProgramNotTaken, entrypoint, installSupervisor, programPath } from './install-supervisor.ts';
import { tell } from './own-events.ts';
import { imageFor, noteStart } from './sandbox-image.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import type { CreateSandboxInput, CreatedSandbox } from './types.ts';

/** How often a sandbox is given the supervisor that it did not take, and the pause between. */
const installTries = 3;
const installPauseMs = 500;

/** Between looks for room: the first pause, and the longest. */
const roomPauseMs = { first: 500, longest: 15_000 };

/**
 * From the snapshot, a repo image or the base image. Throws `SandboxLost`, `ImageGone`, `NoRoom`, `ProviderRefused`,
 * `CredentialUnavailable`.
 */
export async function createSandbox(
  deps: ActivityDeps,
  input: CreateSandboxInput,
  attempt: Attempt,
): Promise<CreatedSandbox> {
  const { sessionId, generation } = input;
  // A source that is refused costs no sandbox.
  deps.vault.open(input.session);
  const name = sandboxNameOf(sessionId, generation);
  const note: Note = async (step, body) => tell(deps, input, { eventId: `${step}-g${generation}`, body });
  const waiting = { note, attempt, patient: input.patient };
  const image = await untilRoom('sandbox-waiting', waiting, async () => {
    await endSandboxes(deps, sessionId, { below: generation });
    return imageFor(deps, { ...input, name }, attempt.signal);
  });
  const { imageId, from } = image;
  await note(`sandbox-creating-${imageId}`, {
    type: 'sandbox.creating',
    data: { name, image: from, imageId },
  });
  const before = await deps.store.sandboxes.find(name);
  const began = performance.now();
  const wanted = {
    sessionId,
    generation,
    name,
    image: { imageId },
    command: entrypoint(programPath(deps)),
    tags: { session: sessionId, generation: String(generation) },
    timeoutSeconds: input.lifetimeSeconds,
  };
  const sandbox = await untilRoom('sandbox-waiting', waiting, async () =>
    findOrCreate(deps, wanted, attempt).catch(async (error: unknown) => {
      // Who chose the image decides what comes instead of it.
      const isChosen = from === 'snapshot' || input.image?.kind === 'repo';
      if (!(error instanceof ImageGone) || isChosen) throw error;
      await noteStart(deps, image, { isStarted: false });
      if (from === 'base') await deps.baseImage.forget();
      throw new ProviderUnavailable(`the ${from} image is gone: the next attempt takes another one`);
    }),
  );
  const created = performance.now();
  await untilRoom('supervisor-waiting', waiting, async () => install(deps, sandbox, attempt)).catch(
    async (error: unknown) => {
      if (error instanceof SandboxLost) await noteStart(deps, image, { isStarted: false });
      throw error;
    },
  );
  const ready = performance.now();
  await note('sandbox-ready', {
    type: 'sandbox.ready',
    data: {
      sandboxId: sandbox.sandboxId,
      createMs: Math.round(created - began),
      supervisorMs: Math.round(ready - created),
    },
  });
  const bornAt = await birthOf(deps, { name, sandbox, before });
  const endsAt = new Date(Date.parse(bornAt) + input.lifetimeSeconds * 1_000).toISOString();
  return { sandboxId: sandbox.sandboxId, imageId, from, endsAt };
}

type Note = (step: string, body: EventBody) => Promise<void>;

type Waiting = { note: Note; attempt: Attempt; patient: boolean };

/** What waiting may mend is told once, so that a session that waits for it does not wait silently. */
async function untilRoom<T>(step: string, waiting: Waiting, work: () => Promise<T>): Promise<T> {
  const { note, patient } = waiting;
  const { signal } = waiting.attempt;
  for (let pauseMs = roomPauseMs.first; ; pauseMs = Math.min(pauseMs * 2, roomPauseMs.longest)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProviderBusy || error instanceof ProviderUnavailable)) throw error;
      await note(step, { type: 'sandbox.waiting', data: { message: error.message } });
      if (error instanceof ProviderUnavailable) throw error;
      if (!patient) throw new NoRoom(error.message);
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

type Born = { name: string; sandbox: Sandbox; before: SandboxRecord | null };

/** When it was asked for, or somewhat earlier: its provider counts its life from then on. */
async function birthOf({ store, provider }: ActivityDeps, { name, sandbox, before }: Born): Promise<string> {
  const now = await store.sandboxes.find(name);
  // Nobody but this attempt has asked for it: the ledger knows.
  if (now !== null && (before === null || isSettled(before))) return now.intendedAt;
  const row = before ?? now;
  const intendedAt = row?.doubtedAt ?? row?.intendedAt ?? new Date(0).toISOString();
  if (row === null) return intendedAt;
  const { sessionId, generation } = row;
  const tags = { session: sessionId, generation: String(generation) };
  const listed = await provider.list(tags).catch(() => []);
  return listed.find(({ sandboxId }) => sandboxId === sandbox.sandboxId)?.createdAt ?? intendedAt;
}

/** No attempt before brought a sandbox, or still may. */
function isSettled({ sandboxId, doubtedAt, endedAt }: SandboxRecord): boolean {
  return sandboxId === null && doubtedAt === null && endedAt !== null;
}

/**
 * A sandbox that does not take the supervisor is of no use, however long it runs: the workflow replaces a lost one, and
 * ends a session that loses too many. An outage of the provider says nothing of the sandbox.
 */
async function install(deps: ActivityDeps, sandbox: Sandbox, { signal }: Attempt): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await installSupervisor(deps, sandbox, signal);
    } catch (error) {
      signal.throwIfAborted();
      const isSandboxes = error instanceof ProgramNotTaken || error instanceof SupervisorAbsent;
      if (!isSandboxes) throw error;
      if (error instanceof SupervisorAbsent || tries === installTries)
        throw new SandboxLost(sandbox.sandboxId, `it does not take its supervisor: ${error.message}`);
    }
    await sleep(installPauseMs, undefined, { signal });
  }
}
