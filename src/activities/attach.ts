/**
 * Staying attached to a supervisor over cuts and restarts: asks again, and gives a restarted one `/start` again first,
 * because it lost its secrets with its memory.
 */
import type { SessionInput } from '../contracts/session-input.ts';
import { branchOf } from '../contracts/ids.ts';
import { repositoryNameOf } from '../contracts/session-input.ts';
import type { StartRequest, SupervisorStatus } from '../contracts/supervisor.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { StartFailed, StartFailedForNow } from './errors.ts';
import { JournalPump } from './journal-pump.ts';
import { SupervisorAbsent, SupervisorRefused, waitForSupervisor } from './supervisor-client.ts';
import type { StartedSupervisor } from './types.ts';

/** How long a supervisor may take to come (back). */
const supervisorPatienceSeconds = 60;

/** How often one request may be cut. Cuts of the network are rejoined below this. */
export const maximumCuts = 20;

/** Cloning from a server that does not answer is tried this often before the start has failed. */
const networkAttempts = 5;

export type Attachment = {
  deps: ActivityDeps;
  session: SessionInput;
  generation: number;
  sandbox: Sandbox;
  attempt: Attempt;
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

export type PostStart = {
  session: SessionInput;
  generation: number;
  sandbox: Sandbox;
  restore?: StartRequest['restore'] | undefined;
};

/** Posts `/start`; also after a restart of the supervisor, which has lost its secrets then. */
export async function postStart(
  deps: ActivityDeps,
  input: PostStart,
  attempt: Attempt,
): Promise<StartedSupervisor> {
  const { session, generation, sandbox, restore } = input;
  const opened = deps.vault.open(session);
  const body: Omit<StartRequest, 'from'> = {
    sessionId: session.sessionId,
    generation,
    repositories: session.repositories.map((repository) => ({
      name: repositoryNameOf(repository),
      url: repository.url,
      branch: repository.branch,
    })),
    branch: branchOf(session.sessionId),
    user: session.user,
    model: {
      url: deps.modelUrl,
      ...(session.options.model === undefined ? {} : { name: session.options.model }),
    },
    environment: session.options.environment,
    secrets: opened.values,
    ...(restore === undefined ? {} : { restore }),
  };
  const pump = new JournalPump({
    deps,
    sandbox,
    sessionId: session.sessionId,
    generation,
    signal: attempt.signal,
  });
  const record = await pump.stream('/start', body, { namedSecrets: opened.named });
  if (record?.kind === 'start.finished')
    return { heads: record.heads, runtimeVersion: record.runtimeVersion };
  if (record?.kind !== 'start.failed') throw new SupervisorAbsent('the start ended without its record');
  const { kind, message } = record.failure;
  throw kind === 'network' && attempt.number < networkAttempts
    ? new StartFailedForNow(message)
    : new StartFailed(message);
}
