/** Interrupting a turn: straight to the supervisor, beside the activity that runs the turn. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { turnCheckpointId } from '../contracts/ids.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { SupervisorAbsent, SupervisorRefused, ask } from './supervisor-client.ts';
import { suspendedCheckpointId } from './turn-checkpoint.ts';
import type { InterruptTurnInput } from './types.ts';

const answerSchema = z.object({ interrupted: z.boolean() });

/** The activity was cancelled: nobody waits for the turn any more, so the agent stops too. */
export async function letGo(sandbox: Sandbox, turnId: string): Promise<void> {
  await ask(sandbox, {
    path: '/interrupt',
    body: JSON.stringify({ turnId }),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
}

/** Asks until the supervisor took it: the turn may still be on its way there. A turn that ended is left alone. */
export async function interruptTurn(
  deps: ActivityDeps,
  input: InterruptTurnInput,
  signal: AbortSignal,
): Promise<void> {
  const sandbox = await deps.provider.attach(input.sandboxId);
  while (!signal.aborted) {
    try {
      const answer = await ask(sandbox, {
        path: '/interrupt',
        body: JSON.stringify({ turnId: input.turnId, reason: input.reason }),
        signal,
      });
      if (answerSchema.parse(JSON.parse(answer.toString('utf8'))).interrupted) return;
    } catch (error) {
      if (error instanceof SandboxLost) return;
      if (!(error instanceof SupervisorAbsent || error instanceof SupervisorRefused)) throw error;
    }
    if (await hasStopped(deps, input)) return;
    await sleep(200, undefined, { signal }).catch(() => undefined);
  }
}

async function hasStopped({ store }: ActivityDeps, input: InterruptTurnInput): Promise<boolean> {
  const { sessionId, turnId, generation } = input;
  const ids = [turnCheckpointId(turnId), suspendedCheckpointId(turnId, generation)];
  const found = await Promise.all(ids.map(async (id) => store.checkpoints.find(sessionId, id)));
  return found.some((checkpoint) => checkpoint !== null);
}
