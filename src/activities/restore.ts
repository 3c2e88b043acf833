/** Sends ahead of `/start` what a restore needs: the transcript, and the bundles of carried work. */
import type { Checkpoint } from '../contracts/checkpoint.ts';
import type { StartRequest } from '../contracts/supervisor.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { StartFailed } from './errors.ts';
import { recentMessages } from './recent-messages.ts';
import { ask } from './supervisor-client.ts';
import type { StartSupervisorInput } from './types.ts';

/** Sends transcript and bundles ahead of `/start` and says what was sent. */
export async function sendRestore(
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
      throw new StartFailed(`the carried work of ${work.repository} is not in the store any more`);
    await ask(sandbox, {
      method: 'PUT',
      path: `/carry?${new URLSearchParams({ repository: work.repository }).toString()}`,
      body,
      signal,
    });
  }
  const messages = transcript === null ? await recentMessages(deps.store, checkpoint) : [];
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
