/** A session as its callers hold it: a name and the means to reach it. Holding one keeps nothing alive. */
import { createHash, randomUUID } from 'node:crypto';
import { execSchema, promptSchema, setBudgetSchema } from '../contracts/index.ts';
import type { Prompt, PromptAccepted, SessionEvent, SessionState } from '../contracts/index.ts';
import { execUpdate, promptUpdate, setBudgetUpdate } from '../contracts/session-messages.ts';
import type { StoreReader } from '../store/store.ts';
import { listedCheckpoint } from './checkpoints.ts';
import type { ListedCheckpoint } from './checkpoints.ts';
import { InvalidRequest, PromptRejected, RequestRejected, TurnNotFound } from './errors.ts';
import { ExecRun } from './exec-run.ts';
import { forkRequest } from './fork.ts';
import type { ForkOptions } from './fork.ts';
import { mayBeIgnored } from './lazy-promise.ts';
import { cancel, checkpoint, interrupt, pause, resume, terminate } from './requests.ts';
import type { Requested } from './requests.ts';
import { rewind } from './rewind.ts';
import type { SessionCalls } from './session-calls.ts';
import type { SessionLog } from './session-log.ts';
import type { ExecOptions, PromptAttributes, PromptOptions } from './session-options.ts';
import type { CreateSessionRequest } from './session-request.ts';
import { storeAnswer } from './store-answer.ts';
import { Turn } from './turn.ts';
import type { TurnResult } from './turn-result.ts';
import { check, checkTurnId } from './validate.ts';

export class Session implements AsyncDisposable {
  readonly id: string;
  readonly #calls: SessionCalls;
  readonly #log: SessionLog;
  readonly #checkpoints: StoreReader['checkpoints'];
  readonly #create: (request: CreateSessionRequest) => Promise<Session>;
  readonly #keep: boolean;

  /** Made by `Harvest`. */
  constructor(parts: {
    calls: SessionCalls;
    log: SessionLog;
    checkpoints: StoreReader['checkpoints'];
    create: (request: CreateSessionRequest) => Promise<Session>;
    keep: boolean;
  }) {
    this.id = parts.calls.sessionId;
    this.#calls = parts.calls;
    this.#log = parts.log;
    this.#checkpoints = parts.checkpoints;
    this.#create = parts.create;
    this.#keep = parts.keep;
  }

  /**
   * Sends a prompt (at most 64,000 characters), at the call: it is queued, and the turn runs whether or not anybody looks
   * at what is returned; it resumes a paused session. Follow the turn by iterating, wait for its end with `result()`, or
   * only for the session's word with `accepted`; each throws what the call met (see `Turn`), the call itself nothing. It
   * repeats itself under the prompt's id while the outcome is unknown, and a caller may repeat it with the same `id` and
   * text: the prompt runs once, as the first one said (`mode`, `options`). In a session whose budget is used up it waits until
   * the budget is raised.
   */
  prompt(text: string, attributes: PromptOptions = {}): Turn {
    const { after, id = randomUUID(), author, mode, options } = attributes;
    const from = mayBeIgnored(this.#startOf(attributes.id));
    const accepted = mayBeIgnored(
      (async () => {
        const payload = check('Prompt', promptSchema, { id, text, author, mode, options });
        if (after !== undefined && attributes.id === undefined) {
          throw new InvalidRequest('Prompt, after: needs the id of the turn that is rejoined.', 'after');
        }
        await from;
        return this.#sendPrompt(payload);
      })(),
    );
    return new Turn({ turnId: id, accepted, from, after: after ?? 0, ...this.#parts });
  }

  /**
   * The same, and only the agent's text as it comes, blocks parted by an empty line. Iterating throws what a turn's does,
   * and `TurnFailed` at the end of a turn that failed.
   */
  promptText(text: string, attributes: PromptAttributes & { id?: string } = {}): AsyncIterable<string> {
    return this.prompt(text, attributes).text();
  }

  /**
   * A turn that was prompted before, from this process or another; `after`: events after this `seq` only. Nothing is sent,
   * and the session's worker is asked only about a turn that is not in the event log. What is returned rejects with
   * `InvalidRequest`, `TurnNotFound`, `StoreUnavailable`, and from asking `SessionNotFound`, `SessionClosed`,
   * `TemporalUnreachable`, or `NoAnswer`; a repeat is harmless.
   */
  turn(turnId: string, options: { after?: number } = {}): Turn {
    const accepted = mayBeIgnored(this.#find(turnId));
    const from = Promise.resolve(0);
    return new Turn({ turnId, accepted, from, after: options.after ?? 0, ...this.#parts });
  }

  /**
   * Runs a command (no shell: program and arguments, at most 16,384 characters) in the session's sandbox as the agent user,
   * beside the agent; resumes a paused session. Sent at the call. Await it for the result, iterate it for the output as it
   * comes; both throw what the call met (see `ExecRun`), the call itself nothing. Repeats are harmless as with prompts.
   */
  exec(argv: readonly string[], options: ExecOptions = {}): ExecRun {
    const { id = randomUUID() } = options;
    const from = mayBeIgnored(this.#startOf(options.id));
    const accepted = mayBeIgnored(
      (async () => {
        const payload = check('Command', execSchema, { ...options, argv, id });
        await from;
        const updateId = `exec-${id}-${hashOf([payload.argv, payload.cwd, payload.timeoutSeconds])}`;
        return this.#calls.update(execUpdate, { payload: [payload], updateId });
      })(),
    );
    return new ExecRun({ execId: id, accepted, from, ...this.#parts });
  }

  /**
   * Snapshots the sandbox and ends it; a prompt, an exec or `resume` brings the session back. Waits for a running turn,
   * or interrupts it when asked, and for running execs. Resolves when the session is paused, at once when it was, with the
   * checkpoint that a restore starts from; also when it is paused because a restore that was under way failed. A snapshot
   * that cannot be had does not keep it from pausing (`snapshot.failed` in the event log). Rejects as `Requested` does. A
   * repeat is harmless: while the first request waits it joins it.
   */
  pause(options: { interrupt?: boolean } = {}): Requested<{ checkpointId: string | null }> {
    return pause(this.#parts, options.interrupt ?? false);
  }

  /**
   * Brings the session into a live sandbox. Resolves with its state when it has one (`idle` or `running`), at once when it
   * had; while it is being paused that is after the pause, and somebody else may have paused it again in the same moment:
   * the state says so. Rejects with `RequestFailed` when it cannot be brought back (it stays paused then, with everything
   * it has), and as `Requested` does. A repeat is harmless, and after `RequestFailed` another attempt.
   */
  resume(): Requested<SessionState> {
    return resume(this.#parts);
  }

  /**
   * Takes a snapshot without pausing, between turns. Resolves with the checkpoint that has it; of a paused session with the
   * one it has. Rejects with `RequestFailed` when none can be had, and as `Requested` does. A repeat takes another one.
   */
  checkpoint(): Requested<{ checkpointId: string | null }> {
    return checkpoint(this.#parts);
  }

  /**
   * Interrupts the running turn, or the given one if it runs; the next queued one follows. Resolves with the turn's result
   * when it ended (it may have ended by itself in the same moment: `status` says how), with null when nothing ran. Rejects
   * as `Requested` does, at an id that is none with `RequestRejected`. A repeat with `turnId` is harmless; without, it
   * interrupts whichever turn runs then.
   */
  interrupt(turnId?: string): Requested<TurnResult | null> {
    return interrupt(this.#parts, turnId);
  }

  /**
   * Takes back a prompt that waits in the queue. Resolves when the event log says so; the prompt's own `result()` is
   * `cancelled` then. Rejects as `Requested` does, with `RequestRejected` when its turn has begun or ended, when it steers
   * another turn, or when no such prompt waits. A repeat is harmless.
   */
  cancel(turnId: string): Requested<void> {
    return cancel(this.#parts, turnId);
  }

  /**
   * Sets what the session may spend, in US dollars, what is spent included; null: without a limit. In force when it
   * resolves: prompts that waited for more run. A turn that runs keeps the limit it began with. Rejects with
   * `InvalidRequest`, `SessionClosed`, `SessionNotFound`, `TemporalUnreachable`, `StoreUnavailable`, or `NoAnswer`; a repeat
   * is harmless.
   */
  async setBudget(budgetUsd: number | null): Promise<void> {
    const payload = check('Budget', setBudgetSchema, { budgetUsd });
    await this.#calls.update(setBudgetUpdate, { payload: [payload] });
  }

  /**
   * The points that `rewind` and `fork` can go to, oldest first: one after every turn (`turn-<turnId>`), and one for each
   * snapshot. Read from the store, also of a closed session until its retention time is over; none of a session that never
   * was. Throws `StoreUnavailable` or `HarvestClosed`; a repeat is harmless.
   */
  async checkpoints(): Promise<ListedCheckpoint[]> {
    return (await storeAnswer(this.#checkpoints.list(this.id))).map(listedCheckpoint);
  }

  /**
   * Goes back to a checkpoint of this session: files, conversation, git heads and cost are those of that point; what was
   * pushed stays pushed, what was spent stays spent, and the event log goes on. Resolves with the session's state when it is
   * in a sandbox there. Rejects with `RequestFailed` when the checkpoint cannot be had (the session stays where it was) or
   * the sandbox cannot (it is paused then, at that point), with `RequestRejected` while a turn or an exec runs or prompts
   * wait, and as `Requested` does. A repeat goes back again, also from what came after the first.
   */
  rewind(checkpointId: string): Requested<SessionState> {
    return rewind(this.#parts, checkpointId);
  }

  /**
   * Starts another session at a checkpoint of this one, which is left as it is: same repositories, user, options and
   * credential references, files, conversation and cost of that point, a branch of its own. Works with a closed session, too,
   * while Temporal knows it (later: `harvest.createSession` with `fork`). Returns as `createSession` does; a checkpoint that
   * cannot be had closes the new session with `start-failed`. Throws what `createSession` throws, `InvalidRequest` also for
   * a credential that was given to this session as a token and not to the call, and `SessionNotFound` or `SessionClosed`
   * (forgotten by Temporal). The same `sessionId` and request again attach to the same session.
   */
  async fork(options: ForkOptions = {}): Promise<Session> {
    return this.#create(forkRequest(await this.#calls.input(), options));
  }

  /**
   * Ends the session and its sandbox; a running turn is interrupted, queued ones fail. The last checkpoint stays for the
   * session's retention time (30 days by default), unless `discard` is said: then all checkpoints go. Resolves when the session is closed, at once
   * when it was. Rejects as `Requested` does, and with `SessionClosed` only when `discard` meets a session that is closed:
   * nobody deletes its checkpoints now. A repeat is harmless.
   */
  terminate(options: { discard?: boolean } = {}): Requested<void> {
    return terminate(this.#parts, options.discard ?? false);
  }

  /**
   * The event log from `seq` `after` + 1 (default: from the beginning), then every event as it comes, until the session
   * closes or `signal` is aborted. Whoever was cut off goes on from the last `seq` it saw and misses nothing; each
   * iteration begins at `after` again. Throws `SessionNotFound`, `StoreUnavailable`, `HarvestClosed`.
   */
  events(options: { after?: number; signal?: AbortSignal } = {}): AsyncIterable<SessionEvent> {
    const { after = 0, signal } = options;
    return this.#log.follow({ after, ...(signal === undefined ? {} : { signal }) });
  }

  /**
   * Asks the session's worker, also about a closed session that Temporal still knows. Throws `SessionNotFound`,
   * `SessionClosed` (forgotten by Temporal, its event log is there), `TemporalUnreachable`, `StoreUnavailable`, or
   * `NoAnswer`; a repeat is harmless.
   */
  async state(): Promise<SessionState> {
    return this.#calls.state();
  }

  /**
   * Terminates the session, as `terminate()` does, unless it was made or attached to with `keep: true` (the default of
   * `harvest.session(id)`).
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#keep) await this.terminate();
  }

  get #parts(): { calls: SessionCalls; log: SessionLog } {
    return { calls: this.#calls, log: this.#log };
  }

  /** Where to look from: before anything of a request that may have been made earlier, else at what comes now. */
  async #startOf(givenId: string | undefined): Promise<number> {
    return givenId === undefined ? this.#log.lastSeq() : 0;
  }

  async #find(turnId: string): Promise<PromptAccepted> {
    checkTurnId(turnId);
    if ((await this.#log.prompt(turnId, 0)) !== null) return { turnId, position: 0 };
    // It may be recorded in the session and not in the log yet.
    const view = await this.#calls.turn(turnId);
    if (view === null) throw new TurnNotFound(this.id, turnId);
    const steers = view.status === 'steering' ? { steers: view.into } : {};
    return { turnId, position: view.status === 'queued' ? view.position : 0, ...steers };
  }

  async #sendPrompt(payload: Prompt): Promise<PromptAccepted> {
    // The text is part of the update's id: Temporal answers a known one without asking the session, which must see that
    // an id comes with another text.
    const updateId = `prompt-${payload.id}-${hashOf(payload.text)}`;
    try {
      return await this.#calls.update(promptUpdate, { payload: [payload], updateId });
    } catch (error) {
      if (!(error instanceof RequestRejected)) throw error;
      throw new PromptRejected(this.id, { turnId: payload.id, sentence: error.message });
    }
  }
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
