/** A restorable point of a session, one after every turn. */
import * as z from 'zod';

/** The git state of one repository when a turn ended. */
export const repositoryHeadSchema = z.object({
  repository: z.string(),
  /** The branch checked out, or null when detached. */
  branch: z.string().nullable(),
  head: z.string(),
});
export type RepositoryHead = z.infer<typeof repositoryHeadSchema>;

/** A repository's uncommitted and unpushed work as a git bundle. The bundle's bytes are in the store. */
export const carriedWorkSchema = repositoryHeadSchema.extend({
  /** 0 when there is nothing the remote does not have. */
  bytes: z.number().int().nonnegative(),
  sha256: z.string(),
  uncommittedFiles: z.number().int().nonnegative(),
  unpushedCommits: z.number().int().nonnegative(),
  /** Why something was left behind, for people; absent when all was carried. */
  notCarried: z.string().optional(),
});
export type CarriedWork = z.infer<typeof carriedWorkSchema>;

export const snapshotSchema = z.object({
  imageId: z.string(),
  /** The version of `/opt/harvest` inside; a snapshot below the floor is not used. */
  runtimeVersion: z.string(),
  generation: z.number().int(),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

export const checkpointSchema = z.object({
  checkpointId: z.string(),
  sessionId: z.string(),
  generation: z.number().int(),
  /** The last turn it contains; null when it was taken before the first. */
  turnId: z.string().nullable(),
  at: z.iso.datetime(),
  carried: z.array(carriedWorkSchema),
  /** The conversation as far as it belongs to this point: the first `entries` entries. Null before the first turn. */
  transcript: z.object({ agentSessionId: z.string(), entries: z.number().int() }).nullable(),
  snapshot: snapshotSchema.nullable(),
  /** What the conversation had cost by then, in US dollars. */
  costUsd: z.number().nonnegative(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;
