/** The tables as Kysely types. Texts named `…_json` were written by this store from a checked value. */
import type { Generated } from 'kysely';
import type { RepoImage } from '../contracts/repo-image.ts';
import type { SnapshotPurpose } from './keeping-port.ts';

export type Tables = {
  session_ids: SessionIdsTable;
  events: EventsTable;
  journal_cursors: JournalCursorsTable;
  transcript_entries: TranscriptEntriesTable;
  checkpoints: CheckpointsTable;
  blobs: BlobsTable;
  sandboxes: SandboxesTable;
  base_images: BaseImagesTable;
  snapshots: SnapshotsTable;
  forks: ForksTable;
  rewound_conversations: RewoundConversationsTable;
  closed_sessions: ClosedSessionsTable;
  unowned_sandboxes: UnownedSandboxesTable;
  repository_sets: RepositorySetsTable;
  repo_images: RepoImagesTable;
};

type SessionIdsTable = {
  session_id: string;
  run_id: string;
  claimed_at: string;
};

export type EventsTable = {
  session_id: string;
  seq: number;
  generation: number;
  at: string;
  turn_id: string | null;
  type: string;
  data_json: string;
  /** One of the two is set: what makes a repeated append harmless (I5). */
  event_id: string | null;
  journal_offset: number | null;
};

type JournalCursorsTable = {
  session_id: string;
  generation: number;
  next_offset: number;
};

type TranscriptEntriesTable = {
  /** Orders the entries of all conversations of a session. */
  ordinal: Generated<number>;
  session_id: string;
  agent_session_id: string;
  /** Empty for the main conversation. */
  subpath: string;
  uuid: string | null;
  entry_json: string;
};

type CheckpointsTable = {
  ordinal: Generated<number>;
  session_id: string;
  checkpoint_id: string;
  checkpoint_json: string;
  /** The checkpoint that this one follows: the one the session stood at when it was first saved. */
  parent_id: string | null;
  /** Of the snapshot in `checkpoint_json`. */
  snapshot_image_id: string | null;
};

type BlobsTable = {
  session_id: string;
  kind: 'carried-work';
  blob_id: string;
  bytes: Uint8Array;
};

type SandboxesTable = {
  name: string;
  session_id: string;
  generation: number;
  sandbox_id: string | null;
  intended_at: string;
  doubted_at: string | null;
  ended_at: string | null;
  ended_reason: string | null;
  /** What it is made from; null where that was not told. */
  image_id: string | null;
};

type BaseImagesTable = {
  recipe_hash: string;
  place: string;
  image_id: string;
  runtime_version: string;
  built_at: string;
};

type SnapshotsTable = {
  image_id: string;
  session_id: string;
  checkpoint_id: string;
  generation: number;
  runtime_version: string;
  purpose: SnapshotPurpose;
  taken_at: string;
  condemned_at: string | null;
  deleted_at: string | null;
};

/** A session that began at another one's checkpoint, and from its snapshot when there was one. */
type ForksTable = {
  session_id: string;
  from_session_id: string;
  from_checkpoint_id: string;
  image_id: string | null;
};

/** The conversation that a rewind went back to, until an entry comes that is newer than all there were then. */
type RewoundConversationsTable = {
  session_id: string;
  /** Null: there was no conversation yet. */
  agent_session_id: string | null;
  entries_until: number;
};

type ClosedSessionsTable = {
  session_id: string;
  forget_at: string;
};

type UnownedSandboxesTable = {
  sandbox_id: string;
  seen_at: string;
};

type RepositorySetsTable = {
  set_id: string;
  set_json: string;
};

type RepoImagesTable = {
  set_id: string;
  number: number;
  build_id: string;
  place: string;
  state: RepoImage['state'];
  /** Also in `facts_json`. */
  image_id: string | null;
  recipe_hash: string;
  set_hash: string;
  began_at: string;
  ended_at: string | null;
  failure: string | null;
  failed_starts: number;
  facts_json: string;
  condemned_at: string | null;
  deleted_at: string | null;
};
