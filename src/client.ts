/**
 * Harvest for callers: sessions from any process that can reach Temporal and the data directory. The composition root
 * of the client; it needs no worker in the process and loads none of its native code.
 */
import { BuildCalls } from './client/build-calls.ts';
import { followBuild, isBuildOpen } from './client/build-log.ts';
import { CodeRun, isExecutionOpen } from './client/code-run.ts';
import { toExecution } from './client/code-request.ts';
import type { CodeRequest } from './client/code-request.ts';
import { connectOptionsSchema } from './client/connect-options.ts';
import type { ConnectOptions } from './client/connect-options.ts';
import { connectTemporal } from './client/connect.ts';
import { ImageBuild } from './client/image-build.ts';
import { listSessions, listSessionsSchema } from './client/list-sessions.ts';
import type { ListedSession, ListSessionsFilter } from './client/list-sessions.ts';
import { Repositories, registeredSet } from './client/repositories.ts';
import { SessionCalls } from './client/session-calls.ts';
import { SessionLog } from './client/session-log.ts';
import { toSessionInput } from './client/session-request.ts';
import type { CreateSessionRequest } from './client/session-request.ts';
import { Session } from './client/session.ts';
import { startSession } from './client/start-session.ts';
import { storeAnswer } from './client/store-answer.ts';
import { StoreWriter } from './client/store-writer.ts';
import type { TemporalCalls } from './client/temporal-calls.ts';
import { check, checkSessionId, checkSetId } from './client/validate.ts';
import { readClientConfig } from './config.ts';
import { buildRequestSchema } from './contracts/build.ts';
import { buildOwner, executionOwner } from './contracts/ids.ts';
import type { SessionEvent } from './contracts/index.ts';
import { loadSealingKeys } from './sealing-keys.ts';
import type { SealingKeys } from './secrets/sealing.ts';
import { openStore, openStoreReader } from './store/open-store.ts';
import type { StoreReader } from './store/store.ts';

export * from './client/errors.ts';
export type { CodeRequest } from './client/code-request.ts';
export type { CodeRun } from './client/code-run.ts';
export type { BuildResult } from './contracts/build.ts';
export type { ExecutionResult } from './contracts/execution.ts';
export type { RepositorySet } from './contracts/repository-set.ts';
export type { ListedCheckpoint } from './client/checkpoints.ts';
export type { ConnectOptions } from './client/connect-options.ts';
export type { TemporalOptions } from './client/connect.ts';
export type { ExecOutput, ExecResult, ExecRun } from './client/exec-run.ts';
export type { ForkOptions } from './client/fork.ts';
export type { ImageBuild } from './client/image-build.ts';
export type { ListedImage } from './client/listed-image.ts';
export type { ListedSession, ListSessionsFilter } from './client/list-sessions.ts';
export type { Repositories, ShownRepositorySet } from './client/repositories.ts';
export type { RegisterRequest } from './client/repository-set-request.ts';
export type { Requested } from './client/requests.ts';
export type { ExecOptions, PromptOptions } from './client/session-options.ts';
export type { CreateSessionRequest } from './client/session-request.ts';
export type { Session } from './client/session.ts';
export type { Turn } from './client/turn.ts';
export type { TurnResult } from './client/turn-result.ts';
export type {
  PromptMode,
  SessionEvent,
  SessionEventOf,
  SessionState,
  TurnOptions,
} from './contracts/index.ts';

/** How long one call waits before it is repeated; several fit into the default time for an answer. */
const attemptMs = 8_000;
const defaultAnswerSeconds = 30;

export class Harvest implements AsyncDisposable {
  /** What images are built of. */
  readonly repositories: Repositories;
  readonly #calls: TemporalCalls;
  readonly #store: StoreReader;
  readonly #writer: StoreWriter;
  readonly #taskQueue: string;
  readonly #keys: () => SealingKeys;
  readonly #closing = new AbortController();

  private constructor(parts: {
    calls: TemporalCalls;
    store: StoreReader;
    writer: StoreWriter;
    taskQueue: string;
    keys: () => SealingKeys;
  }) {
    this.#calls = parts.calls;
    this.#store = parts.store;
    this.#writer = parts.writer;
    this.#taskQueue = parts.taskQueue;
    this.#keys = parts.keys;
    this.repositories = new Repositories({ reader: parts.store, writer: parts.writer });
  }

  /**
   * Connects to Temporal and opens the store. Throws `InvalidRequest` (the options, or Temporal's settings in the
   * environment or `temporal.toml`), `TemporalUnreachable` (after at most 5 s), `StoreUnavailable`; a repeat is harmless.
   * Give it back with `close()` or `await using`.
   */
  static async connect(options: ConnectOptions = {}): Promise<Harvest> {
    check('Connection', connectOptionsSchema, options);
    const config = readClientConfig();
    const { dataDirectory = config.dataDirectory, taskQueue = config.taskQueue } = options;
    const answerMs = (options.answerSeconds ?? defaultAnswerSeconds) * 1_000;
    const configured = options.sealingKeys ?? config.sealingKeys;
    const calls = await connectTemporal(options.temporal, {
      attemptMs: Math.min(attemptMs, answerMs),
      answerMs,
    });
    try {
      const store = await storeAnswer(openStoreReader({ dataDirectory }));
      const writer = new StoreWriter(async () => openStore({ dataDirectory }));
      const keys = () => loadSealingKeys({ configured, dataDirectory });
      return new Harvest({ calls, store, writer, taskQueue, keys });
    } catch (error) {
      await calls.close();
      throw error;
    }
  }

  /**
   * Starts a session and returns as soon as it is accepted: its sandbox is still to come. The session id is the
   * idempotency key: the same request again attaches to the session, another one throws `SessionExists`, and one that comes
   * when Temporal has forgotten the session `SessionIdUsed`. Throws `InvalidRequest`, `SealingUnavailable` and
   * `StoreUnavailable` before anything is sent, `TemporalUnreachable`, or `NoAnswer`: repeat it under the same session id
   * then. Without a session id one is made, and a repeat starts another session. With `fork` it begins at a checkpoint of
   * another session on the same repositories (`session.fork` fills in the rest). Leaving an `await using` block terminates
   * the session unless `keep: true` is said.
   */
  async createSession(request: CreateSessionRequest): Promise<Session> {
    const { input, keep } = toSessionInput(request, this.#keys);
    const isUsed = async (): Promise<boolean> => this.#isUsed(input.sessionId);
    await startSession(this.#calls, { input, taskQueue: this.#taskQueue, isUsed });
    return this.#attach(input.sessionId, keep);
  }

  /**
   * A session by its id; nothing is sent or asked, so one that does not exist shows at the first use. Throws `InvalidRequest` for
   * what is no session id. Leaving an `await using` block leaves the session as it is unless `keep: false` is said.
   */
  session(sessionId: string, options: { keep?: boolean } = {}): Session {
    return this.#attach(checkSessionId(sessionId), options.keep ?? true);
  }

  /**
   * Runs code once, in a sandbox of its own that always ends. Returns at once: await it for the result, iterate it for the
   * output. The execution id is the idempotency key; without one, one is made, and a repeat runs the code again. Throws
   * `InvalidRequest` before anything is sent; everything else rejects what is awaited.
   */
  executeCode(request: CodeRequest): CodeRun {
    const execution = toExecution(request);
    const owner = executionOwner(execution.executionId);
    const log = this.#logOf(owner, async () => isExecutionOpen(this.#calls, execution));
    const isUsed = async (): Promise<boolean> => this.#isUsed(owner);
    return new CodeRun({ execution, taskQueue: this.#taskQueue, calls: this.#calls, log, isUsed });
  }

  /**
   * Builds the image of a registered repository set, when its branches' heads, the base image's recipe or the set changed, or
   * the image is old; with `force` also what has not changed, or has just failed. Returns at once: await it for the result,
   * iterate it for the build's log. A build of the set that runs already is attached to, whatever `force` says. Throws
   * `InvalidRequest` before anything is sent; everything else rejects what is awaited.
   */
  buildImage(setId: string, options: { force?: boolean } = {}): ImageBuild {
    const { force } = check('Build request', buildRequestSchema, { setId, ...options });
    return new ImageBuild({
      calls: new BuildCalls({ setId, calls: this.#calls }),
      force,
      taskQueue: this.#taskQueue,
      findSet: async () => registeredSet(this.#store, setId),
      logOf: (number, isOpen) => this.#logOf(buildOwner({ setId, number }), isOpen),
    });
  }

  /**
   * The log of a build from `seq` `after` + 1 (default: from the beginning), then every event as it comes, until the build
   * is over or `signal` is aborted; also of one that ended long ago. What its steps print is `exec.output`. Throws
   * `InvalidRequest` at the call, and when it is iterated `BuildNotFound`, `StoreUnavailable`, and `HarvestClosed`.
   */
  buildLog(
    setId: string,
    number: number,
    options: { after?: number; signal?: AbortSignal } = {},
  ): AsyncIterable<SessionEvent> {
    const { after = 0, signal } = options;
    const calls = new BuildCalls({ setId: checkSetId(setId), calls: this.#calls });
    const { repoImages: images } = this.#store;
    const log = this.#logOf(buildOwner({ setId, number }), async () =>
      isBuildOpen(calls, { number, images }),
    );
    const follow = { after, ...(signal === undefined ? {} : { signal }) };
    return followBuild({ setId, number, images, log }, follow);
  }

  /**
   * The newest sessions, open and closed. Temporal's records may lag by a moment. Throws `InvalidRequest`,
   * `TemporalUnreachable`, or `NoAnswer`; a repeat is harmless.
   */
  async listSessions(filter: ListSessionsFilter = {}): Promise<ListedSession[]> {
    return listSessions(this.#calls, check('Filter of sessions', listSessionsSchema, filter));
  }

  /**
   * Ends every iteration and every wait with `HarvestClosed`, and the connections. Sessions go on. A second call does
   * nothing.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#writer.close();
    await this.#store.close();
    await this.#calls.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #attach(sessionId: string, keep: boolean): Session {
    const log = this.#logOf(sessionId, async () => calls.isOpen());
    const calls: SessionCalls = new SessionCalls({
      sessionId,
      calls: this.#calls,
      closedEvent: async () => log.closed(),
    });
    const create = async (request: CreateSessionRequest): Promise<Session> => this.createSession(request);
    return new Session({ calls, log, checkpoints: this.#store.checkpoints, create, keep });
  }

  async #isUsed(ownerId: string): Promise<boolean> {
    return storeAnswer(this.#store.sessionIds.isUsed(ownerId));
  }

  #logOf(ownerId: string, isOpen: () => Promise<boolean>): SessionLog {
    const { events: reader } = this.#store;
    return new SessionLog({ sessionId: ownerId, reader, isOpen, closing: this.#closing.signal });
  }
}
