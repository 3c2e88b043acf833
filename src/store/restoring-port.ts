/** The part of the store port by which a session goes back to what was kept, or another one begins there. */
import type { Checkpoint, Snapshot } from '../contracts/checkpoint.ts';

/** A checkpoint, and the snapshot that a restore of it starts from. */
export type RestorePoint = {
  checkpoint: Checkpoint;
  /** Its own, else the newest usable one that was taken before it on its line; null where there is none. */
  snapshot: Snapshot | null;
};

/** `sourceCheckpointId`: the checkpoint that was copied. */
export type ForkPoint = RestorePoint & { sourceCheckpointId: string };

export type RestorePoints = {
  /**
   * The session goes on from this checkpoint: it is saved once more, as `as` writes it, and is the latest one then; the
   * conversation ends where it ended there. What came after it stays, and can be gone back to. Keyed by the id that `as`
   * gives: what is there stays. Null when there is no such checkpoint.
   */
  rewind(
    to: { sessionId: string; checkpointId: string },
    as: (checkpoint: Checkpoint) => Checkpoint,
    isUsable: (snapshot: Snapshot) => boolean,
  ): Promise<RestorePoint | null>;
  /**
   * Gives another session a checkpoint (without an id the latest) with its conversation and carried work, as `as` writes
   * it. Keyed by the other session: a fork that was made stays as it is. Null when there is no such checkpoint.
   */
  fork(
    from: { sessionId: string; checkpointId: string | null },
    as: (checkpoint: Checkpoint) => Checkpoint,
    isUsable: (snapshot: Snapshot) => boolean,
  ): Promise<ForkPoint | null>;
};
