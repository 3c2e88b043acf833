/** Says something to the agent within its running turn, once: the supervisor knows what it has said (I2). */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { SandboxLost } from '../sandbox/errors.ts';
import { stayAttached } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { SupervisorRefused, ask } from './supervisor-client.ts';
import type { SteerReport, SteerTurnInput } from './types.ts';

const answerSchema = z.object({ steered: z.boolean() });

const repeatMs = 200;

/** More than can be said within one turn. */
const remembered = 200;

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
    if (error instanceof SandboxLost && (await isInLog(deps, input))) return { steered: true };
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

/** Its record came out of the sandbox before the sandbox was lost, with whoever follows the turn. */
async function isInLog({ store }: ActivityDeps, { sessionId, steer }: SteerTurnInput): Promise<boolean> {
  const told = await store.events.readLast(sessionId, { limit: remembered, types: ['turn.steered'] });
  return told.some((event) => event.type === 'turn.steered' && event.data.promptId === steer.promptId);
}
