/** The calls to one session's workflow, and what their refusals mean. */
import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { UpdateDefinition } from '@temporalio/common';
import { workflowIdOf } from '../contracts/index.ts';
import type { SessionEventOf, SessionInput, SessionState, TurnView } from '../contracts/index.ts';
import { inputQuery, stateQuery, turnQuery } from '../contracts/session-messages.ts';
import { failureTypes } from '../contracts/failures.ts';
import { NoAnswer, RequestRejected, SessionClosed, SessionNotFound } from './errors.ts';
import type { TemporalCalls } from './temporal-calls.ts';
import { failureTypeOf } from './temporal-errors.ts';

type ClosedData = SessionEventOf<'session.closed'>['data'];

export class SessionCalls {
  readonly sessionId: string;
  readonly #calls: TemporalCalls;
  readonly #handle: WorkflowHandle;
  readonly #closedEvent: () => Promise<ClosedData | null>;

  constructor(parts: {
    sessionId: string;
    calls: TemporalCalls;
    /** What the event log says about the session's end. */
    closedEvent: () => Promise<ClosedData | null>;
  }) {
    this.sessionId = parts.sessionId;
    this.#calls = parts.calls;
    this.#closedEvent = parts.closedEvent;
    this.#handle = parts.calls.client.workflow.getHandle(workflowIdOf(parts.sessionId));
  }

  /**
   * Resolves when the session recorded the request. Repeated under the same `updateId` while the outcome is unknown.
   * Temporal knows an update id within one run only; what spans runs is the session's own record (I9).
   */
  async update<Answer, Payload extends unknown[]>(
    definition: UpdateDefinition<Answer, Payload>,
    request: { payload: Payload; updateId?: string },
  ): Promise<Answer> {
    const updateId = request.updateId ?? randomUUID();
    // By name: the definition's optional payload fits neither of the SDK's overloads.
    const args = request.payload as unknown as [unknown];
    return this.#asked(() =>
      this.#handle.executeUpdate<Answer, [unknown]>(definition.name, { args, updateId }),
    );
  }

  async state(): Promise<SessionState> {
    return this.#asked(() => this.#handle.query(stateQuery));
  }

  async input(): Promise<SessionInput> {
    return this.#asked(() => this.#handle.query(inputQuery));
  }

  async turn(turnId: string): Promise<TurnView | null> {
    return this.#asked(() => this.#handle.query(turnQuery, turnId));
  }

  /** Whether the session still takes messages. Throws `SessionNotFound`, `NoAnswer` or `TemporalUnreachable`. */
  async isOpen(): Promise<boolean> {
    const open = await this.#calls.isOpen(this.#subject, this.#handle.workflowId);
    if (open === null) throw new SessionNotFound(this.sessionId);
    return open;
  }

  /** What to throw when the session is over. */
  async closedError(): Promise<SessionClosed> {
    return new SessionClosed(this.sessionId, await this.#closedEvent());
  }

  get #subject(): string {
    return `session "${this.sessionId}"`;
  }

  async #asked<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#calls.answered(this.#subject, call);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw await this.#refusal(error);
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      // Temporal says "not found" for a workflow that ended, too. One that it has forgotten may have left its log.
      const closed = await this.#closedEvent();
      if (closed === null && (await this.isOpen())) {
        throw new NoAnswer(
          `Session "${this.sessionId}" changed under the call: repeat it under the same id.`,
        );
      }
      throw new SessionClosed(this.sessionId, closed);
    }
  }

  async #refusal(error: WorkflowUpdateFailedError): Promise<Error> {
    if (failureTypeOf(error) === failureTypes.sessionClosed) return this.closedError();
    return new RequestRejected(this.sessionId, error.cause?.message ?? error.message);
  }
}
