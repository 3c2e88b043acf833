/**
 * Watches for silence while a turn runs: when nothing of the turn comes for long enough, the supervisor is asked whether its
 * agent says nothing. A tool that runs in silence is not silence, and what to do about it the workflow decides (I1): nothing
 * here touches the agent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SupervisorStatus } from '../contracts/supervisor.ts';
import { ProviderBusy, ProviderUnavailable, SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import { SupervisorAbsent, SupervisorSilent, status } from './supervisor-client.ts';

/** How often in a row the supervisor may leave a ping unanswered, and the pause between. */
const maximumMisses = 4;
const missPauseMs = 1_000;
/** The provider's part in a ping. That it takes long says nothing of the supervisor. */
const providerSeconds = 90;

const mayPass = [SupervisorAbsent, ProviderUnavailable, ProviderBusy];

/** The shortest time between two pings, whatever the agent's last word was. */
const shortestWaitMs = 250;

export type WatchedAgent = {
  sandbox: Sandbox;
  turnId: string;
  silenceSeconds: number;
  /** When something of the turn came last, in milliseconds of `performance.now()`. */
  lastHeardMs: () => number;
  signal: AbortSignal;
};

/**
 * Returns when the agent of the turn has said nothing for that long with no tool running; else only ends by its signal. Throws
 * `SandboxLost` when the supervisor does not answer any more: a sandbox without one is of no use.
 */
export async function agentFallsSilent(watched: WatchedAgent): Promise<{ quietSeconds: number }> {
  const { turnId, signal } = watched;
  const silenceMs = watched.silenceSeconds * 1_000;
  let notBeforeMs = 0;
  for (;;) {
    const dueMs = Math.max(watched.lastHeardMs() + silenceMs, notBeforeMs);
    const leftMs = dueMs - performance.now();
    if (leftMs > 0) {
      await sleep(leftMs, undefined, { signal });
      continue;
    }
    const { turnId: running, agent } = await expectAnswer(watched);
    const isQuiet = running === turnId && agent !== null && agent.runningTools === 0;
    if (isQuiet && agent.quietMs >= silenceMs) return { quietSeconds: Math.floor(agent.quietMs / 1_000) };
    const untilQuietMs = isQuiet ? silenceMs - agent.quietMs : silenceMs;
    notBeforeMs = performance.now() + Math.max(untilQuietMs, shortestWaitMs);
  }
}

async function expectAnswer({ sandbox, signal }: WatchedAgent): Promise<SupervisorStatus> {
  for (let misses = 0; ;) {
    signal.throwIfAborted();
    const answer = await ping(sandbox, signal);
    if (typeof answer === 'object') return answer;
    if (answer === 'silent') misses += 1;
    if (misses >= maximumMisses)
      throw new SandboxLost(sandbox.sandboxId, 'its supervisor does not answer any more');
    await sleep(missPauseMs, undefined, { signal });
  }
}

/**
 * `GET /status`, which has a time limit inside the sandbox: only the supervisor's own silence counts as its. One that is not there
 * cuts the turn's stream, too, which is attached again elsewhere.
 */
async function ping(sandbox: Sandbox, signal: AbortSignal): Promise<SupervisorStatus | 'silent' | 'absent'> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(providerSeconds * 1_000)]);
  try {
    return await status(sandbox, bounded);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SupervisorSilent) return 'silent';
    if (bounded.aborted || mayPass.some((kind) => error instanceof kind)) return 'absent';
    throw error;
  }
}
