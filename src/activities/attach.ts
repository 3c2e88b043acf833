/**
 * Staying attached to a supervisor over cuts and restarts: asks again, and gives a restarted one `/start` again first,
 * because it lost its secrets with its memory.
 */
import type { SessionInput } from '../contracts/session-input.ts';
import type { StartRequest, SupervisorStatus } from '../contracts/supervisor.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { postStart } from './post-start.ts';
import { SupervisorAbsent, SupervisorRefused, waitForSupervisor } from './supervisor-client.ts';

/** How long a supervisor may take to come (back). */
const supervisorPatienceSeconds = 60;

/** How often one request may be cut. Cuts of the network are rejoined below this. */
export const maximumCuts = 20;

export type Attachment = {
  deps: ActivityDeps;
  session: SessionInput;
  generation: number;
  sandbox: Sandbox;
  attempt: Attempt;
  /** As it was started with. */
  agent?: boolean;
};

/**
 * Repeats a request over cuts and restarts of the supervisor; a restarted one is given `/start` again first. Throws
 * `SandboxLost` when the supervisor does not come back, or comes back only to die again: a sandbox without one is of no use.
 */
export async function stayAttached<T>(context: Attachment, send: () => Promise<T>): Promise<T> {
  const { deps, attempt, sandbox } = context;
  for (let cuts = 1; ; cuts += 1) {
    attempt.signal.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      const unstarted = error instanceof SupervisorRefused && error.error === 'not-started';
      if (!unstarted && !(error instanceof SupervisorAbsent)) throw error;
      if (cuts >= maximumCuts)
        throw new SandboxLost(sandbox.sandboxId, `its supervisor keeps dying: ${error.message}`);
      deps.log('attaching to the supervisor again', { sandboxId: sandbox.sandboxId, cause: String(error) });
      const { started } = await expectSupervisor(sandbox, attempt);
      if (!started) await postStart(deps, { ...context, restore: await knownConversation(context) }, attempt);
    }
  }
}

/**
 * What a restarted supervisor may not know any more: the conversation it had restored before the agent said its first
 * word in this generation. Everything else is on its disk.
 */
async function knownConversation({ deps, session }: Attachment): Promise<StartRequest['restore']> {
  const position = await deps.store.transcripts.position(session.sessionId);
  if (position === null) return undefined;
  const transcript = { agentSessionId: position.agentSessionId };
  // As from a snapshot: the files are in place.
  return { from: 'snapshot', carried: [], transcript, recentMessages: [] };
}

/** Waits for the supervisor to answer, or come back. Throws `SandboxLost` when it does not. */
export async function expectSupervisor(sandbox: Sandbox, { signal }: Attempt): Promise<SupervisorStatus> {
  try {
    return await waitForSupervisor(sandbox, { timeoutSeconds: supervisorPatienceSeconds, signal });
  } catch (error) {
    if (!(error instanceof SupervisorAbsent)) throw error;
    throw new SandboxLost(sandbox.sandboxId, `its supervisor does not answer: ${error.message}`);
  }
}
