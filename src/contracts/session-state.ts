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

/** Why a session closed. `expired`: it was paused for its retention time; its checkpoints are deleted. */
export const closeReasons = ['terminated', 'cancelled', 'expired', 'start-failed', 'failed'] as const;
export type CloseReason = (typeof closeReasons)[number];

export type SessionClocks = {
  /** An idle session pauses. */
  pausesAt: string | null;
  /** The running turn is stopped. */
  turnEndsAt: string | null;
  /** The session moves to the next sandbox, or pauses when it is idle. */
  rollsOverAt: string | null;
  /** A paused session closes. */
  closesAt: string | null;
};

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
  /** Of the conversation as it stands, in US dollars: a rewind takes it back. */
  costUsd: number;
  /** Everything that was ever spent, which the budget counts. */
  spentUsd: number;
  /** Null: without a limit. */
  budgetUsd: number | null;
  /** Why the session waits for a sandbox; null while it does not. */
  waiting: { since: string; message: string } | null;
  /** When the session's clocks act, as ISO times; null where none runs. */
  clocks: SessionClocks;
  repositories: { name: string; url: string; branch: string }[];
  git: RepositoryHead[];
  /** Why it closed, in one sentence; absent while it is open, and when there is no more to say than that it ended. */
  message?: string;
};
