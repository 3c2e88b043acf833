/**
 * Harvest for callers: sessions from any process that can reach Temporal and the data directory. The composition root
 * of the client; it needs no worker in the process and loads none of its native code.
 */
import { CodeRun, isExecutionOpen } from './client/code-run.ts';
import { toExecution } from './client/code-request.ts';
import type { CodeRequest } from './client/code-request.ts';
import { connectOptionsSchema } from './client/connect-options.ts';
import type { ConnectOptions } from './client/connect-options.ts';
import { connectTemporal } from './client/connect.ts';
import { StoreUnavailable } from './client/errors.ts';
import { listSessions, listSessionsSchema } from './client/list-sessions.ts';
import type { ListedSession, ListSessionsFilter } from './client/list-sessions.ts';
import { SessionCalls } from './client/session-calls.ts';
import { SessionLog, readable } from './client/session-log.ts';
import { toSessionInput } from './client/session-request.ts';
import type { CreateSessionRequest } from './client/session-request.ts';
import { Session } from './client/session.ts';
import { startSession } from './client/start-session.ts';
import type { TemporalCalls } from './client/temporal-calls.ts';
import { check, checkSessionId } from './client/validate.ts';
import { readClientConfig } from './config.ts';
import { executionOwner } from './contracts/ids.ts';
import { loadSealingKeys } from './sealing-keys.ts';
import type { SealingKeys } from './secrets/sealing.ts';
import { openStoreReader } from './store/open-store.ts';
import type { StoreReader } from './store/store.ts';

export * from './client/errors.ts';
export type { CodeRequest } from './client/code-request.ts';
export type { CodeRun } from './client/code-run.ts';
export type { ExecutionResult } from './contracts/execution.ts';
export type { ListedCheckpoint } from './client/checkpoints.ts';
export type { ConnectOptions } from './client/connect-options.ts';
export type { TemporalOptions } from './client/connect.ts';
export type { ExecOutput, ExecResult, ExecRun } from './client/exec-run.ts';
export type { ForkOptions } from './client/fork.ts';
export type { ListedSession, ListSessionsFilter } from './client/list-sessions.ts';
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
  readonly #calls: TemporalCalls;
  readonly #store: StoreReader;
  readonly #taskQueue: string;
  readonly #keys: () => SealingKeys;
  readonly #closing = new AbortController();

  private constructor(parts: {
    calls: TemporalCalls;
    store: StoreReader;
    taskQueue: string;
    keys: () => SealingKeys;
  }) {
    this.#calls = parts.calls;
    this.#store = parts.store;
    this.#taskQueue = parts.taskQueue;
    this.#keys = parts.keys;
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
      const store = await openLog(dataDirectory);
      const keys = () => loadSealingKeys({ configured, dataDirectory });
      return new Harvest({ calls, store, taskQueue, keys });
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
    return readable(this.#store.sessionIds.isUsed(ownerId));
  }

  #logOf(ownerId: string, isOpen: () => Promise<boolean>): SessionLog {
    const { events: reader } = this.#store;
    return new SessionLog({ sessionId: ownerId, reader, isOpen, closing: this.#closing.signal });
  }
}

async function openLog(dataDirectory: string): Promise<StoreReader> {
  try {
    return await openStoreReader({ dataDirectory });
  } catch (error) {
    throw new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
