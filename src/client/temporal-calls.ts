/**
 * Every call to Temporal goes through here, with a deadline. No answer in time, and the gRPC codes of outages, mean
 * that the outcome is unknown, not refused: the same call is repeated under the same id (the session's own record makes
 * that harmless, I9) until the time for an answer is over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Connection } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { isOpen } from '../contracts/workflow-status.ts';
import { HarvestClosed, NoAnswer, TemporalUnreachable } from './errors.ts';
import { codeOf, grpcCodes, uncertaintyOf } from './temporal-errors.ts';

export type AnswerTimes = {
  /** How long one call may wait for its answer before it is repeated. */
  attemptMs: number;
  /** How long a request may go without an answer, repeats included. */
  answerMs: number;
};

const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** For what may be an outage and may stay (2,000 updates in one run, for example). */
const repeatsOfWhatMayStay = 5;
const probeMs = 2_000;

export class TemporalCalls {
  readonly client: Client;
  readonly address: string;
  readonly #connection: Connection;
  readonly #times: AnswerTimes;
  readonly #attempts = new Set<AbortController>();
  #closed = false;

  constructor(parts: { client: Client; connection: Connection; times: AnswerTimes }) {
    this.client = parts.client;
    this.#connection = parts.connection;
    this.#times = parts.times;
    this.address = parts.connection.options.address;
  }

  /**
   * Repeats `attempt`, which must be harmless to repeat, until Temporal answered. Throws what Temporal answered,
   * `TemporalUnreachable`, `NoAnswer` when Temporal is there and nobody behind it, or `HarvestClosed`.
   * @param subject who is asked, as in "session abc"
   */
  async answered<T>(subject: string, attempt: () => Promise<T>): Promise<T> {
    const endsAt = Date.now() + this.#times.answerMs;
    let stayed = 0;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const deadline = Math.min(Date.now() + this.#times.attemptMs, endsAt);
        return await this.#attempt(deadline, attempt);
      } catch (error) {
        if (this.#closed) throw new HarvestClosed();
        const uncertainty = uncertaintyOf(error);
        if (uncertainty === 'none') throw this.#explain(error);
        if (uncertainty === 'may-stay') stayed += 1;
        if (stayed > repeatsOfWhatMayStay || Date.now() + pauseMs >= endsAt) {
          throw await this.#withoutAnswer(subject, error);
        }
      }
      await sleep(pauseMs);
    }
  }

  /**
   * Whether a workflow (by default the newest run of this id) still takes messages; null when Temporal knows none of this id.
   * Throws as `answered` does.
   */
  async isOpen(subject: string, workflowId: string, runId?: string): Promise<boolean | null> {
    const handle = this.client.workflow.getHandle(workflowId, runId);
    try {
      const { status } = await this.answered(subject, async () => handle.describe());
      return isOpen(status.name);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  /** What waits for an answer then ends with `HarvestClosed`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const attempt of this.#attempts) attempt.abort();
    await this.#connection.close();
  }

  async #attempt<T>(deadline: number, attempt: () => Promise<T>): Promise<T> {
    // One signal for each: Temporal's client never takes its listener back.
    const aborting = new AbortController();
    this.#attempts.add(aborting);
    try {
      return await this.#connection.withDeadline(deadline, async () =>
        this.#connection.withAbortSignal(aborting.signal, attempt),
      );
    } finally {
      this.#attempts.delete(aborting);
    }
  }

  async #withoutAnswer(subject: string, cause: unknown): Promise<Error> {
    try {
      const probe = () => this.#connection.workflowService.getSystemInfo({});
      await this.#connection.withDeadline(Date.now() + probeMs, probe);
    } catch (error) {
      return unreachable(this.address, error);
    }
    const seconds = Math.round(this.#times.answerMs / 1_000);
    const sentence =
      `Nobody answered for ${subject} within ${seconds} s: is a worker running on its task queue? ` +
      'What was asked may still be done; repeat it under the same id.';
    return new NoAnswer(sentence, { cause });
  }

  #explain(error: unknown): unknown {
    if (error instanceof NamespaceNotFoundError) {
      const sentence = `Temporal at ${this.address} has no namespace "${error.namespace}".`;
      return new TemporalUnreachable(sentence, { address: this.address, cause: error });
    }
    const code = codeOf(error);
    if (code === grpcCodes.permissionDenied || code === grpcCodes.unauthenticated) {
      const sentence = `Temporal at ${this.address} refuses this client: check its API key or certificate.`;
      return new TemporalUnreachable(sentence, { address: this.address, cause: error });
    }
    return error;
  }
}

export function unreachable(address: string, cause: unknown): TemporalUnreachable {
  const sentence =
    `Temporal cannot be reached at ${address}: start it, or set TEMPORAL_ADDRESS ` +
    '(and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS as it needs them).';
  return new TemporalUnreachable(sentence, { address, cause });
}
