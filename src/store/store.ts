/**
 * The store port: everything of a session that outlives its sandbox and does not belong in Temporal's history (I6).
 *
 * What every implementation owes its callers:
 * - **Atomic.** Each method is one transaction: after an error, or when the process dies in the middle, either all of
 *   it happened or nothing.
 * - **Durable.** What a resolved promise acknowledged survives SIGKILL of the process. (A power failure may take the
 *   last moments; the journal and Temporal bring them back, because every append may be repeated.)
 * - **Repeatable.** Every writing method can be called again with the same arguments after an unknown outcome and
 *   changes nothing more. Each says by which key.
 * - **Shared.** Several processes use one store at once. A writer that has to wait for another does not block its
 *   process's event loop.
 * - **Redacted.** The store keeps what it is given: text is redacted before it comes here (I8, I11).
 */
import type { Checkpoint } from '../contracts/checkpoint.ts';
import type { EventBody, EventType, OwnEvent, SessionEvent } from '../contracts/events.ts';
import type { TranscriptBatch, TranscriptEntry } from '../contracts/transcript.ts';
import type { ClosedSessions, SnapshotAccount, UnownedSandboxes } from './keeping-port.ts';
import type { RepoImageReader, RepoImages, RepositorySetReader, RepositorySets } from './images-port.ts';
import type { RestorePoints } from './restoring-port.ts';

/** What watchers of sessions may use: nothing in it writes. */
export type StoreReader = {
  readonly sessionIds: SessionIdReader;
  readonly events: EventReader;
  readonly transcripts: TranscriptReader;
  readonly checkpoints: CheckpointReader;
  readonly carriedWork: CarriedWorkReader;
  readonly repositorySets: RepositorySetReader;
  readonly repoImages: RepoImageReader;
  /** Ends every follower with `StoreClosed`. */
  close(): Promise<void>;
} & AsyncDisposable;

export type Store = {
  readonly sessionIds: SessionIds;
  readonly events: EventLog;
  readonly journal: Journal;
  readonly checkpoints: CheckpointLog;
  readonly carriedWork: CarriedWorkKeeper;
  readonly sandboxes: SandboxLedger;
  readonly images: ImageRecords;
  readonly repositorySets: RepositorySets;
  readonly repoImages: RepoImages;
  readonly snapshots: SnapshotAccount;
  readonly restorePoints: RestorePoints;
  readonly closedSessions: ClosedSessions;
  readonly unownedSandboxes: UnownedSandboxes;
  /**
   * Forgets a session: event log, journal cursors, transcripts, checkpoints and carried work. With `keepEvents` the event
   * log and its journal cursors stay. Sandboxes stay in the ledger until they ended, snapshots in the account until they are
   * deleted: nobody needs them any more. The session's id is free again when
   * nothing of it stays.
   */
  deleteSession(sessionId: string, options?: { keepEvents?: boolean }): Promise<void>;
} & StoreReader;

export type SessionIdReader = {
  /** Whether a session of this id has begun, as long as anything of it is kept. */
  isUsed(sessionId: string): Promise<boolean>;
};

export type SessionIds = {
  /**
   * Takes the id for the session whose first workflow run this is, before anything of it is stored. False when anything
   * is kept of another one of this id. A repeat by the same run is true again, whatever the run has stored since.
   */
  claim(sessionId: string, runId: string): Promise<boolean>;
} & SessionIdReader;

export type EventReader = {
  /** Events with a `seq` above `after`, in order, at most `limit`; only of these types when they are given. */
  read(
    sessionId: string,
    range: { after: number; limit: number; types?: readonly EventType[] },
  ): Promise<SessionEvent[]>;
  /** The newest `limit` events (of these types), in order. */
  readLast(
    sessionId: string,
    range: { limit: number; types?: readonly EventType[] },
  ): Promise<SessionEvent[]>;
  /** 0 when there is no event. */
  lastSeq(sessionId: string): Promise<number>;
  /**
   * Every event above `after`, first those that are stored, then each as it is appended, by whichever process: in
   * order, none twice, none left out, a few milliseconds after the append. Ends when `signal` is aborted. Events are
   * read in pages when they are asked for: a slow follower holds one page in memory and slows down nobody.
   */
  follow(sessionId: string, options: FollowOptions): AsyncIterable<SessionEvent>;
};

export type FollowOptions = {
  /** The last `seq` already seen; 0 for all. */
  after: number;
  signal?: AbortSignal;
  types?: readonly EventType[];
};

export type EventLog = {
  /**
   * Appends the workflow's own events (I5): keyed by session and `eventId`; one that is there already is left out. The
   * store assigns `seq`.
   */
  appendOwn(sessionId: string, events: readonly OwnEvent[]): Promise<{ lastSeq: number; appended: number }>;
} & EventReader;

type JournalEvent = {
  body: EventBody;
  turnId?: string;
  /** Set when the workflow may also append it itself (the end of a turn): whoever comes first counts. */
  eventId?: string;
};

/** One record of a generation's journal, as far as the store keeps it. */
export type JournalItem = {
  /** Byte position of the record in the journal, and of the one after it. */
  offset: number;
  endOffset: number;
  at: string;
  /** What it adds to the event log. */
  event: JournalEvent | null;
  /** Entries with a `uuid` that is there already are left out. */
  transcript?: TranscriptBatch;
};

export type JournalBatch = {
  sessionId: string;
  generation: number;
  /** Where the batch begins and ends, whether or not records of every byte are in it. */
  fromOffset: number;
  nextOffset: number;
  /** In the order of their offsets. */
  items: readonly JournalItem[];
};

export type Journal = {
  /**
   * Appends a batch and moves the generation's cursor to its end (I5): keyed by session, generation and offset; records
   * before the cursor are left out, so batches may overlap what is stored. Throws `JournalGap` when records are missing
   * in between, `JournalMismatch` when the records are not those of the stored journal.
   */
  append(batch: JournalBatch): Promise<{ cursor: number; lastSeq: number; appended: number }>;
  /** Where to read the generation's journal from; 0 before its first record. */
  cursor(sessionId: string, generation: number): Promise<number>;
};

/** A place in a conversation: its first `entries` entries. Subagents' conversations do not count. */
export type TranscriptPosition = {
  agentSessionId: string;
  entries: number;
};

export type TranscriptReader = {
  /** The end of the newest conversation, or of the one that a rewind went back to; null when there is none. */
  position(sessionId: string): Promise<TranscriptPosition | null>;
  /** The conversation up to `position`, by default the whole newest one; null when there is none. */
  read(
    sessionId: string,
    position?: TranscriptPosition,
  ): Promise<{ agentSessionId: string; entries: TranscriptEntry[] } | null>;
};

type CheckpointReader = {
  find(sessionId: string, checkpointId: string): Promise<Checkpoint | null>;
  latest(sessionId: string): Promise<Checkpoint | null>;
  /** Oldest first. */
  list(sessionId: string): Promise<Checkpoint[]>;
};

export type CheckpointLog = {
  /** Keyed by session and checkpoint id: one that is there is replaced (a snapshot was added) and keeps its place. */
  save(checkpoint: Checkpoint): Promise<void>;
} & CheckpointReader;

type CarriedWorkReader = {
  /** The bundle's bytes; null when it is not there (any more). */
  read(sessionId: string, sha256: string): Promise<Uint8Array | null>;
};

export type CarriedWorkKeeper = {
  /** Keeps a bundle under the hash of its bytes, which is returned in hex. Throws `BlobTooLarge`. */
  save(sessionId: string, bundle: Uint8Array): Promise<{ sha256: string }>;
} & CarriedWorkReader;

/**
 * A row is open as long as a sandbox of its name runs or may still come: while its end is not recorded, and also after
 * that while an earlier attempt is in doubt.
 */
export type SandboxRecord = {
  name: string;
  sessionId: string;
  generation: number;
  /** Null until somebody saw a sandbox of this name (I7). */
  sandboxId: string | null;
  /** From which it is made. Null: the one who intended it did not say. */
  imageId: string | null;
  /** When the last attempt to create it began. */
  intendedAt: string;
  /**
   * When an attempt before the last one began of which nobody heard how it ended (the newest of them): besides the
   * sandbox of the last attempt, one of its may still come. Null when there is none, or it was settled.
   */
  doubtedAt: string | null;
} & ({ endedAt: null; endedReason: null } | { endedAt: string; endedReason: string });

/** What somebody saw of a row and judged. A record that rests on it counts only while the row still says so. */
type JudgedSandbox = Pick<SandboxRecord, 'name' | 'sandboxId' | 'intendedAt'>;

/** Every sandbox there ever was or may be (I7). All writes are keyed by the sandbox's name. */
export type SandboxLedger = {
  /**
   * Before each attempt to create the sandbox: it may exist from now on, also after an end that came too early. An attempt
   * before it whose outcome was not recorded is in doubt from now on. A row whose sandbox was seen stays as it is. Returns
   * the row.
   */
  recordIntent(intent: {
    name: string;
    sessionId: string;
    generation: number;
    /** Not deleted while the row is open. */
    imageId?: string;
  }): Promise<SandboxRecord>;
  /**
   * A sandbox was seen: its row is open again, also after an end. It is the last attempt's when nothing was known of that
   * one, and else the one that was in doubt, which is settled then.
   */
  recordCreated(created: { name: string; sandboxId: string }): Promise<void>;
  /**
   * The sandbox that is known ended or, where none is known, the last attempt certainly created none; of one in doubt it
   * says nothing. The first reason stays. False when the row is not any more what was judged: nothing was recorded then.
   */
  recordEnded(judged: JudgedSandbox, reason: string): Promise<boolean>;
  /** The attempt in doubt certainly brings no sandbox any more. Leaves one that came into doubt since then. */
  settleDoubt(doubt: { name: string; doubtedAt: string }): Promise<void>;
  find(name: string): Promise<SandboxRecord | null>;
  /** The session's row of the highest generation. */
  findNewest(sessionId: string): Promise<SandboxRecord | null>;
  /** The open rows. Oldest first. */
  listOpen(): Promise<SandboxRecord[]>;
};

/** An image is known only where it was built: Modal and the emulator, or two of Modal's environments, do not share theirs. */
type BaseImageKey = {
  recipeHash: string;
  place: string;
};

/** An image that was built from a recipe. */
type BaseImage = BaseImageKey & {
  imageId: string;
  runtimeVersion: string;
  builtAt: string;
};

export type ImageRecords = {
  /** Keyed by the recipe's hash and the place; the newest record of both counts. */
  recordBase(image: BaseImage): Promise<void>;
  findBase(key: BaseImageKey): Promise<BaseImage | null>;
  /** When the provider does not have it any more. */
  forgetBase(key: BaseImageKey): Promise<void>;
};
