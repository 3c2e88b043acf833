/** The points that a session can go back to, as the store lists them. */
import type { Checkpoint, RepositoryHead } from '../contracts/index.ts';

export type ListedCheckpoint = {
  checkpointId: string;
  /** The last turn it contains; null when it was taken before the first. */
  turnId: string | null;
  at: string;
  /** What the conversation had cost by then, in US dollars. */
  costUsd: number;
  /** Of each repository. */
  heads: RepositoryHead[];
  /** With a snapshot files that git ignores come back, too. */
  hasSnapshot: boolean;
};

export function listedCheckpoint(checkpoint: Checkpoint): ListedCheckpoint {
  const { checkpointId, turnId, at, costUsd, carried, snapshot } = checkpoint;
  const heads = carried.map(({ repository, branch, head }) => ({ repository, branch, head }));
  return { checkpointId, turnId, at, costUsd, heads, hasSnapshot: snapshot !== null };
}
