/** The tables as Kysely types. Texts named `…_json` were written by this store from a checked value. */
import type { Generated } from 'kysely';

export type Tables = {
  session_ids: SessionIdsTable;
  events: EventsTable;
  journal_cursors: JournalCursorsTable;
  transcript_entries: TranscriptEntriesTable;
  checkpoints: CheckpointsTable;
  blobs: BlobsTable;
  sandboxes: SandboxesTable;
  base_images: BaseImagesTable;
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
};

type BaseImagesTable = {
  recipe_hash: string;
  place: string;
  image_id: string;
  runtime_version: string;
  built_at: string;
};
