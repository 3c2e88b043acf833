/** Says something to the agent within its running turn, once: the supervisor knows what it has said (I2). */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { SandboxLost } from '../sandbox/errors.ts';
import { stayAttached } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { SupervisorRefused, ask } from './supervisor-client.ts';
import { steeredInLog } from './turn-in-store.ts';
import type { SteerReport, SteerTurnInput } from './types.ts';

const answerSchema = z.object({ steered: z.boolean() });

const repeatMs = 200;

/** Throws `SandboxLost` when nobody knows whether the agent was told. */
export async function steerTurn(
  deps: ActivityDeps,
  input: SteerTurnInput,
  attempt: Attempt,
): Promise<SteerReport> {
  const { turnId, steer } = input;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const body = JSON.stringify({ turnId, steer });
  try {
    return await stayAttached({ ...input, deps, sandbox, attempt }, async () =>
      onceBegun(attempt, async () => {
        const answer = await ask(sandbox, { path: '/steer', body, signal: attempt.signal });
        return answerSchema.parse(JSON.parse(answer.toString('utf8')));
      }),
    );
  } catch (error) {
    // Its record may have come out before, with whoever follows the turn.
    const isLost = error instanceof SandboxLost;
    if (isLost && (await steeredInLog(deps, input)).includes(steer.promptId)) return { steered: true };
    throw error;
  }
}

/** The turn may still be on its way to the supervisor. */
async function onceBegun<T>({ signal }: Attempt, send: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof SupervisorRefused) || error.error !== 'unknown') throw error;
    }
    await sleep(repeatMs, undefined, { signal });
  }
}
