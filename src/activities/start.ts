/** Starts the supervisor's session in a new sandbox, and brings back what a restore needs. */
import { ApplicationFailure } from '@temporalio/activity';
import type { Checkpoint } from '../contracts/checkpoint.ts';
import { failureTypes } from '../contracts/failures.ts';
import { branchOf } from '../contracts/ids.ts';
import { repositoryNameOf } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import type { StartRequest } from '../contracts/supervisor.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { JournalPump } from './journal-pump.ts';
import { recentMessages } from './recent-messages.ts';
import { SupervisorAbsent, ask, waitForSupervisor } from './supervisor-client.ts';
import type { StartSupervisorInput, StartedSupervisor } from './types.ts';

/** Cloning from a server that does not answer is tried this often before the start has failed. */
const networkAttempts = 5;

export async function startSupervisor(
  deps: ActivityDeps,
  input: StartSupervisorInput,
  attempt: Attempt,
): Promise<StartedSupervisor> {
  const sandbox = await deps.provider.attach(input.sandboxId);
  for (;;) {
    const status = await waitForSupervisor(sandbox, { timeoutSeconds: 60, signal: attempt.signal });
    try {
      const restore = status.started
        ? undefined
        : await sendRestore(deps, input, { sandbox, signal: attempt.signal });
      const started = await postStart(deps, { ...input, restore, sandbox }, attempt);
      await noteReady(deps, input);
      return started;
    } catch (error) {
      // The supervisor was restarted in between: what it had done is on its disk.
      if (!(error instanceof SupervisorAbsent)) throw error;
    }
  }
}

async function noteReady(deps: ActivityDeps, input: StartSupervisorInput): Promise<void> {
  const { sessionId, generation, sandboxId } = input;
  await deps.store.events.appendOwn(sessionId, [
    {
      eventId: `ready-g${generation}`,
      at: new Date().toISOString(),
      generation,
      body: { type: 'session.ready', data: { sandboxId } },
    },
  ]);
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
  if (kind === 'network' && attempt.number < networkAttempts)
    throw ApplicationFailure.retryable(message, 'StartFailedForNow');
  throw ApplicationFailure.nonRetryable(message, failureTypes.startFailed, kind);
}

/** Sends transcript and bundles ahead of `/start` and says what was sent. */
async function sendRestore(
  deps: ActivityDeps,
  input: StartSupervisorInput,
  { sandbox, signal }: { sandbox: Sandbox; signal: AbortSignal },
): Promise<StartRequest['restore']> {
  if (input.restore === null) return undefined;
  const { sessionId } = input;
  const { checkpointId, imageId, imageFrom } = input.restore;
  const from = imageFrom === 'snapshot' ? 'snapshot' : 'image';
  const checkpoint =
    checkpointId === null ? null : await deps.store.checkpoints.find(sessionId, checkpointId);
  if (checkpoint === null) return { from, carried: [], transcript: null, recentMessages: [] };
  const transcript = await sendTranscript(deps, checkpoint, { sandbox, signal });
  // The checkpoint's own snapshot has its files already; an older one, and any image, needs the carried work on top.
  const carried = checkpoint.snapshot?.imageId === imageId ? [] : checkpoint.carried;
  for (const work of carried) {
    if (work.bytes === 0) continue;
    const body = await deps.store.carriedWork.read(sessionId, work.sha256);
    if (body === null)
      throw ApplicationFailure.nonRetryable(
        `carried work ${work.sha256} is not in the store`,
        failureTypes.startFailed,
      );
    await ask(sandbox, {
      method: 'PUT',
      path: `/carry?${new URLSearchParams({ repository: work.repository }).toString()}`,
      body,
      signal,
    });
  }
  const messages = transcript === null ? await recentMessages(deps.store, sessionId) : [];
  return { from, carried, transcript, recentMessages: messages };
}

async function sendTranscript(
  deps: ActivityDeps,
  checkpoint: Checkpoint,
  { sandbox, signal }: { sandbox: Sandbox; signal: AbortSignal },
): Promise<{ agentSessionId: string } | null> {
  if (checkpoint.transcript === null) return null;
  const transcript = await deps.store.transcripts.read(checkpoint.sessionId, checkpoint.transcript);
  if (transcript === null || transcript.entries.length === 0) return null;
  const { agentSessionId, entries } = transcript;
  const body = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  const query = new URLSearchParams({ agentSessionId });
  await ask(sandbox, { method: 'PUT', path: `/transcript?${query.toString()}`, body, signal });
  return { agentSessionId };
}
