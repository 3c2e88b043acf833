/** What the query `state` answers. */
import type { RepositoryHead } from './checkpoint.ts';

export const sessionStatuses = [
  'starting',
  'idle',
  'running',
  'pausing',
  'paused',
  'resuming',
  'terminating',
  'closed',
] as const;
export type SessionStatus = (typeof sessionStatuses)[number];

/** Why a session closed. */
export const closeReasons = ['terminated', 'cancelled', 'start-failed', 'failed'] as const;
export type CloseReason = (typeof closeReasons)[number];

export type SessionState = {
  sessionId: string;
  status: SessionStatus;
  createdAt: string;
  lastActivityAt: string;
  generation: number;
  sandboxId: string | null;
  imageId: string | null;
  checkpointId: string | null;
  /** The running turn. */
  turnId: string | null;
  queue: { turnId: string; author?: string }[];
  turns: number;
  costUsd: number;
  repositories: { name: string; url: string; branch: string }[];
  git: RepositoryHead[];
  /** Why it closed, in one sentence; absent while it is open, and when there is no more to say than that it ended. */
  message?: string;
};
