/** Starts the supervisor's session in a new sandbox, and brings back what a restore needs. */
import { SandboxLost } from '../sandbox/errors.ts';
import { expectSupervisor, maximumCuts } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { tell } from './own-events.ts';
import { postStart } from './post-start.ts';
import { StartFailed } from './errors.ts';
import { sendRestore } from './restore.ts';
import { noteStart } from './sandbox-image.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import type { StartSupervisorInput, StartedSupervisor } from './types.ts';

/** Throws `StartFailed`, `StartFailedForNow`, `SandboxLost`, `CredentialUnavailable`. A repeat attaches to the running start (I2). */
export async function startSupervisor(
  deps: ActivityDeps,
  input: StartSupervisorInput,
  attempt: Attempt,
): Promise<StartedSupervisor> {
  const sandbox = await deps.provider.attach(input.sandboxId);
  for (let cuts = 1; ; cuts += 1) {
    // Only a repeat may find it started, or gone: it has just answered when its sandbox was created.
    const isFirst = attempt.number === 1 && cuts === 1;
    const isStarted = !isFirst && (await expectSupervisor(sandbox, attempt)).started;
    try {
      const restore = isStarted
        ? undefined
        : await sendRestore(deps, input, { sandbox, signal: attempt.signal });
      const fromRepoImage = input.image?.from === 'repo';
      const started = await postStart(deps, { ...input, restore, sandbox, fromRepoImage }, attempt);
      if (input.image !== undefined) await noteStart(deps, input.image, { isStarted: true });
      await tell(deps, input, {
        eventId: `ready-g${input.generation}`,
        body: { type: 'session.ready', data: { sandboxId: input.sandboxId } },
      });
      return started;
    } catch (error) {
      if (input.image !== undefined && isOfImage(error))
        await noteStart(deps, input.image, { isStarted: false });
      // The supervisor was restarted in between: what it had done is on its disk.
      if (!(error instanceof SupervisorAbsent) || cuts >= maximumCuts) throw error;
    }
  }
}

/** Repository, branch, credential and network are not the image's. */
function isOfImage(error: unknown): boolean {
  if (error instanceof StartFailed) return error.kind === 'internal' || error.kind === 'agent';
  return error instanceof SandboxLost;
}
