/** What a session goes on from: one of its own checkpoints (rewind), or another session's, copied (fork). */
import type { Checkpoint, Snapshot } from '../contracts/checkpoint.ts';
import { branchOf } from '../contracts/ids.ts';
import { isUsableRuntime } from '../contracts/runtime-version.ts';
import { repositoriesOf } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import type { ActivityDeps } from './deps.ts';
import { CheckpointUnusable } from './errors.ts';
import type { PrepareCheckpointInput, PreparedCheckpoint } from './types.ts';

/** Throws `CheckpointUnusable`. */
export async function prepareCheckpoint(
  { store }: Pick<ActivityDeps, 'store'>,
  { sessionId, session, source, as }: PrepareCheckpointInput,
): Promise<PreparedCheckpoint> {
  if (source.sessionId === sessionId) {
    const checkpointId = source.checkpointId ?? (await newestOf(store, sessionId));
    const again = (found: Checkpoint): Checkpoint => ({ ...found, checkpointId: as });
    const point = await store.restorePoints.rewind({ sessionId, checkpointId }, again, isUsable);
    if (point === null) throw new CheckpointUnusable(missing(source));
    return { ...point, sourceCheckpointId: checkpointId };
  }
  await requireSameRepositories(store, session, source.sessionId);
  const copy = (found: Checkpoint): Checkpoint => ({ ...forkOf(found, sessionId), checkpointId: as });
  const point = await store.restorePoints.fork(source, copy, isUsable);
  if (point === null) throw new CheckpointUnusable(missing(source));
  return point;
}

function isUsable({ runtimeVersion }: Snapshot): boolean {
  return isUsableRuntime(runtimeVersion);
}

async function newestOf(store: ActivityDeps['store'], sessionId: string): Promise<string> {
  const latest = await store.checkpoints.latest(sessionId);
  if (latest === null) throw new CheckpointUnusable(missing({ sessionId, checkpointId: null }));
  return latest.checkpointId;
}

function missing({ sessionId, checkpointId }: PrepareCheckpointInput['source']): string {
  return checkpointId === null
    ? `session "${sessionId}" has no checkpoint, or none any more`
    : `session "${sessionId}" has no checkpoint "${checkpointId}", or not any more`;
}

/** Before the fork's first generation. It works on a branch of its own, from where the source's stood. */
function forkOf(found: Checkpoint, sessionId: string): Checkpoint {
  const { carried } = found;
  const sourceBranch = branchOf(found.sessionId);
  return {
    ...found,
    sessionId,
    generation: 0,
    turnId: null,
    carried: carried.map((work) =>
      work.branch === sourceBranch ? { ...work, branch: branchOf(sessionId) } : work,
    ),
  };
}

/** Carried work fits nothing else. The source's repositories are in the first event of its log, which outlives its checkpoints. */
async function requireSameRepositories(
  store: ActivityDeps['store'],
  session: SessionInput,
  sourceId: string,
): Promise<void> {
  const [created] = await store.events.read(sourceId, { after: 0, limit: 1, types: ['session.created'] });
  if (created?.type !== 'session.created')
    throw new CheckpointUnusable(`there is no session "${sourceId}", or not any more`);
  const described = (repositories: { name: string; url: string }[]): string =>
    repositories
      .map(({ name, url }) => `${name} (${url})`)
      .toSorted()
      .join(', ');
  const theirs = described(created.data.repositories);
  const ours = described(repositoriesOf(session));
  if (theirs === ours) return;
  throw new CheckpointUnusable(
    `session "${sourceId}" works on ${theirs}, this one on ${ours}: a fork needs the same repositories`,
  );
}
