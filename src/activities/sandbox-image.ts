/** From which image a sandbox is made, and what its start says of a repo image: two failed starts demote one. */
import { isUsableRuntime } from '../contracts/runtime-version.ts';
import { repositoryNameOf } from '../contracts/session-input.ts';
import type { RepositoryRequest, SessionInput } from '../contracts/session-input.ts';
import type { RepoImage } from '../contracts/repo-image.ts';
import type { RepositorySet } from '../contracts/repository-set.ts';
import { setHashOf } from '../images/set-hash.ts';
import type { ActivityDeps } from './deps.ts';
import type { CreateSandboxInput, ImageKind } from './types.ts';

export type SandboxImage = { imageId: string; from: ImageKind };

/** The same for every attempt while a sandbox of that name may come, or is there. */
export async function imageFor(
  deps: ActivityDeps,
  input: CreateSandboxInput & { name: string },
  signal: AbortSignal,
): Promise<SandboxImage> {
  const { snapshot, image } = input;
  if (snapshot !== null) return { imageId: snapshot.imageId, from: 'snapshot' };
  if (image?.kind === 'repo') return { imageId: image.imageId, from: 'repo' };
  const begun = await begunWith(deps, input);
  if (begun !== null) return begun;
  const repoImage = image === undefined ? await newestRepoImage(deps, input.session) : null;
  if (repoImage !== null) return { imageId: repoImage, from: 'repo' };
  return { ...(await deps.baseImage.find(signal)), from: 'base' };
}

/** What an attempt before this one has asked for. */
async function begunWith(
  { store }: ActivityDeps,
  { name, sessionId }: CreateSandboxInput & { name: string },
): Promise<SandboxImage | null> {
  const row = await store.sandboxes.find(name);
  if (row === null || (row.sandboxId === null && row.endedAt !== null)) return null;
  const [told] = await store.events.readLast(sessionId, { limit: 1, types: ['sandbox.creating'] });
  if (told?.type !== 'sandbox.creating' || told.data.name !== name || told.data.imageId !== row.imageId)
    return null;
  return { imageId: told.data.imageId, from: told.data.image };
}

/** Of a session on a registered set without an image one is asked for, and nobody waits for it. */
async function newestRepoImage(deps: ActivityDeps, session: SessionInput): Promise<string | null> {
  const set = await registeredSet(deps, session.repositories);
  if (set === null) return null;
  const current = await deps.store.repoImages.current(set.setId, deps.provider.place);
  if (current !== null && isUsable(current, set)) return current.imageId;
  await deps
    .requestBuild(set.setId)
    .catch((error: unknown) =>
      deps.log('an image could not be asked for', { set: set.setId, cause: String(error) }),
    );
  return null;
}

/**
 * One of another definition may hold other repositories, which are not for this session's eyes; one that another version of
 * Harvest has built may not do for this one's supervisor.
 */
function isUsable({ setHash, runtimeVersion }: RepoImage, set: RepositorySet): boolean {
  return setHash === setHashOf(set) && isUsableRuntime(runtimeVersion ?? '');
}

/** The same repositories, on the same branches, in the same folders and order. */
async function registeredSet(
  { store }: ActivityDeps,
  repositories: readonly RepositoryRequest[],
): Promise<RepositorySet | null> {
  if (repositories.length === 0) return null;
  const wanted = keyOf(repositories);
  const sets = await store.repositorySets.list();
  return sets.find((set) => keyOf(set.repositories) === wanted) ?? null;
}

function keyOf(repositories: readonly RepositoryRequest[]): string {
  return JSON.stringify(
    repositories.map((repository) => [repository.url, repository.branch, repositoryNameOf(repository)]),
  );
}

/** Nothing of it may keep a session from starting, or from saying why it did not. */
export async function noteStart(
  { store, provider, log }: Pick<ActivityDeps, 'store' | 'provider' | 'log'>,
  { imageId, from }: SandboxImage,
  { isStarted }: { isStarted: boolean },
): Promise<void> {
  if (from !== 'repo') return;
  try {
    const demoted: RepoImage | null = await store.repoImages.recordStart({
      place: provider.place,
      imageId,
      isStarted,
    });
    if (demoted !== null)
      log('a repo image was demoted: sessions could not start from it', {
        set: demoted.setId,
        build: demoted.number,
      });
  } catch (error) {
    log('a start could not be noted', { image: imageId, cause: String(error) });
  }
}
