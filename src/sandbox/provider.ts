/**
 * The sandbox port: what Harvest needs of a provider of sandboxes. Modal is the adapter (`modal-provider.ts`), on Modal's
 * cloud or on the local emulator. The conformance suite in `test/sandbox/conformance.ts` holds every adapter to this text.
 *
 * Obligations of an adapter
 * - No call outlives the deadline it is given (`AbortSignal`): it rejects with the signal's reason. None waits for ever on
 *   throttling or on a silent provider: it throws.
 * - Every failure is one of the classes of `errors.ts`; nothing of the provider's own leaks.
 * - `create` is repeatable: a running sandbox of that name is returned as it is (I7). It is never created twice by one name.
 * - A sandbox that ended is reported as `SandboxLost` by every call on it, whatever the reason.
 */

export type ImageRef = { imageId: string };

export type ImageRecipe = {
  /** For example `debian:bookworm-slim`. */
  from: string;
  /** Dockerfile commands without `FROM`, in order. */
  commands: readonly string[];
};

/**
 * A part of a volume, seen by a sandbox as a directory. A volume is a directory of the provider that outlives every sandbox; it is made when
 * there is none of its name.
 * - A sandbox sees what was written by sandboxes that ended before it was created. What others write while it runs it may see at once, later,
 *   or not at all: nobody relies on either, and nobody can lock a file against another sandbox. Of two who write one file, the last wins.
 * - What a sandbox writes is kept when it ends by `terminate`, with its entrypoint or at its time limit. One that is lost in another way may take
 *   its last seconds with it. So a volume holds what can be made again: what must not be lost belongs to the store.
 * - Content and names are kept. The root of a new volume, and a sub-path that was made, belong to root; whoever lets another user write there
 *   says so in each sandbox anew, since owners are not promised to be kept.
 * - No part of it is in a snapshot, whose image has an empty directory there.
 */
export type VolumeMount = {
  /** At most 64 characters of `[A-Za-z0-9._-]`. */
  name: string;
  /**
   * Canonical and absolute, through no link, and absent or empty in the image; not `/`, `/root` or `/tmp`, nor inside another mount. One volume
   * is mounted once in a sandbox. Anything else is `ProviderRefused`, or, where the provider finds out later, `SandboxLost`.
   */
  mountPath: string;
  /**
   * Relative and canonical. Only this directory of the volume, made when missing: nothing above it or beside it is seen. The whole volume when
   * absent.
   */
  subPath?: string;
  /** Writing to it fails, as on a read-only file system. */
  readOnly?: boolean;
};

export type CreateSandbox = {
  /** Unique among running sandboxes, at most 64 characters of `[A-Za-z0-9._-]`. */
  name: string;
  image: ImageRef;
  /** The entrypoint; its end ends the sandbox. */
  command: readonly string[];
  tags: Readonly<Record<string, string>>;
  /** The provider ends the sandbox after this, at most 24 h. */
  timeoutSeconds: number;
  /** Of a sandbox that is found instead of created, they are as they were at its creation. */
  volumes?: readonly VolumeMount[];
  signal?: AbortSignal;
};

export type ExecOptions = {
  /** Given to the process at once, then its stdin is closed. Without it stdin is closed at the start. */
  stdin?: string | Uint8Array;
  /** Named secrets of the provider whose keys become variables of this one process. */
  secretNames?: readonly string[];
  signal?: AbortSignal;
};

/**
 * A running process, as root. `stdout` yields bytes as they come (within milliseconds; followers depend on it), nothing
 * lost or doubled over a dropped connection, and ends when the process has ended or `signal` is aborted.
 * It must be consumed, once; `wait` may be awaited after it. Aborting stops the watching, not the process: `wait` then
 * rejects with the signal's reason.
 */
export type SandboxProcess = {
  stdout: AsyncIterable<Uint8Array>;
  /** The end of stderr, at most 8 KiB, when the process has ended. */
  stderr(): Promise<string>;
  /** The exit code; 128 + n for signal n, never 0 then (I10). */
  wait(): Promise<number>;
};

export type Sandbox = {
  readonly sandboxId: string;
  /** Starts a process as root in `/`. An exec cannot be attached to again: whatever must survive belongs to the supervisor. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<SandboxProcess>;
  /** The file system as a new image that does not expire. `timeoutSeconds` bounds the wait. */
  snapshot(options: { timeoutSeconds: number; signal?: AbortSignal }): Promise<ImageRef>;
  /** False once it ended. */
  isRunning(): Promise<boolean>;
  /** Ends it and returns when it has ended; ending one that ended is no error. */
  terminate(): Promise<void>;
};

export type ListedSandbox = {
  sandboxId: string;
  /** Null, like the tags, for one that ended while it was listed, and for one that somebody else created. */
  name: string | null;
  tags: Readonly<Record<string, string>>;
  /** When it was asked for: never later than its life began. ISO. */
  createdAt: string | null;
};

export type SandboxProvider = {
  /** Where its images are. What one place built, another does not know. */
  readonly place: string;
  /** Builds, or finds what was built from the same recipe. `onLog` gets the build's output as it comes. */
  buildImage(recipe: ImageRecipe, onLog: (text: string) => void, signal?: AbortSignal): Promise<ImageRef>;
  create(request: CreateSandbox): Promise<Sandbox>;
  /** The running sandbox of that name, or null. */
  findByName(name: string): Promise<Sandbox | null>;
  /** A handle without asking whether it lives. */
  attach(sandboxId: string): Promise<Sandbox>;
  /** Running sandboxes with all these tags, whoever created them in this place. */
  list(tags: Readonly<Record<string, string>>): Promise<ListedSandbox[]>;
  /** Deleting one that is gone is no error. */
  deleteImage(image: ImageRef): Promise<void>;
  close(): Promise<void>;
};
