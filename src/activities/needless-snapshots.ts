/** Deletes the images of snapshots that the store's account says nobody needs any more. */
import type { ActivityDeps } from './deps.ts';

type Deleting = Pick<ActivityDeps, 'store' | 'provider' | 'log'>;

export type DeletedSnapshots = {
  deleted: string[];
  /** What stays for the next look, each a sentence. */
  problems: string[];
};

/** Of one session, or of all. Never rejects for one that cannot be deleted now: the account keeps it for the next look. */
export async function deleteNeedlessSnapshots(
  { store, provider, log }: Deleting,
  of: { sessionId?: string } = {},
): Promise<DeletedSnapshots> {
  const deleted: string[] = [];
  const problems: string[] = [];
  for (const { imageId, sessionId } of await store.snapshots.condemnNeedless(of)) {
    try {
      await provider.deleteImage({ imageId });
      await store.snapshots.recordDeleted(imageId);
      deleted.push(imageId);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      problems.push(`snapshot ${imageId} of session ${sessionId} could not be deleted: ${cause}`);
      log('a snapshot that nobody needs could not be deleted', { image: imageId, cause });
    }
  }
  return { deleted, problems };
}
