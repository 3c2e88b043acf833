/** The part of the store port that says what is kept, and for how long: what the reaper goes by. */
import type { Checkpoint } from '../contracts/checkpoint.ts';

/** A snapshot of a session's file system: an image of the provider, which keeps it until somebody deletes it. */
export type SnapshotRecord = {
  imageId: string;
  sessionId: string;
  checkpointId: string;
  purpose: SnapshotPurpose;
  takenAt: string;
  /** From then on nobody may start from it. */
  condemnedAt: string | null;
  /** The provider does not have it any more. */
  deletedAt: string | null;
};

export type SnapshotPurpose = 'pause' | 'rollover' | 'request';

/**
 * Every snapshot there is. Needed is the newest one on the line of checkpoints that a session goes on from; of an open
 * session the newest that were asked for, too; and every one that another session began from (a fork), as long as anything
 * of that one is kept.
 */
export type SnapshotAccount = {
  /**
   * A checkpoint with its snapshot, both at once, so that nobody takes the snapshot for needless in between. Keyed by the
   * session and checkpoint id: the first snapshot of a checkpoint stays, a later one is needless. Returns the checkpoint
   * that counts.
   */
  record(checkpoint: Checkpoint, purpose: SnapshotPurpose): Promise<Checkpoint>;
  /** Condemns what nobody needs, and returns everything that is condemned and not deleted yet. Of one session, or of all. */
  condemnNeedless(of: { sessionId?: string }): Promise<SnapshotRecord[]>;
  recordDeleted(imageId: string): Promise<void>;
  /** Of one session, oldest first. */
  list(sessionId: string): Promise<SnapshotRecord[]>;
};

/** Sessions that closed and kept what they had. */
export type ClosedSessions = {
  /** Keyed by the session: the first time stays. */
  record(sessionId: string, forgetAt: string): Promise<void>;
  /** Sessions that have checkpoints and are not recorded as closed: those that are open, mostly. */
  listUnrecorded(): Promise<string[]>;
  /** Those to forget by then. */
  listOver(nowIso: string): Promise<string[]>;
};

/** Sandboxes that run and have no owner. */
export type UnownedSandboxes = {
  /** Remembers since when each of them was seen without an owner at every look, and forgets all others. */
  see(sandboxIds: readonly string[], nowIso: string): Promise<ReadonlyMap<string, string>>;
};
