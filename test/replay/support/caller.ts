/** What the people of a scenario do: each message, and waiting until it shows. */
import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Prompt } from '../../../src/contracts/prompt.ts';
import * as messages from '../../../src/contracts/session-messages.ts';
import type { SessionState } from '../../../src/contracts/session-state.ts';
import type { session } from '../../../src/workflows/session.ts';
import { until } from '../../workflows/support/session-server.ts';

export class Caller {
  /** Whichever run of the session is the newest. */
  readonly session: WorkflowHandle<typeof session>;
  readonly client: Client;

  constructor(client: Client, workflowId: string) {
    this.client = client;
    this.session = client.workflow.getHandle(workflowId);
  }

  async prompt(id: string, more: Partial<Prompt> = {}): Promise<void> {
    await this.session.executeUpdate(messages.promptUpdate, { args: [{ id, text: 'go', ...more }] });
  }

  async cancelPrompt(id: string): Promise<void> {
    await this.session.executeUpdate(messages.cancelPromptUpdate, { args: [{ id }] });
  }

  async rewind(checkpointId: string): Promise<void> {
    await this.session.executeUpdate(messages.rewindUpdate, { args: [{ checkpointId }] });
  }

  async setBudget(budgetUsd: number | null): Promise<void> {
    await this.session.executeUpdate(messages.setBudgetUpdate, { args: [{ budgetUsd }] });
  }

  async exec(id: string): Promise<void> {
    await this.session.executeUpdate(messages.execUpdate, { args: [{ id, argv: ['ls'] }] });
  }

  async interrupt(): Promise<void> {
    await this.session.executeUpdate(messages.interruptUpdate, { args: [{}] });
  }

  async pause(request: { interrupt?: boolean } = {}): Promise<void> {
    await this.session.executeUpdate(messages.pauseUpdate, { args: [request] });
  }

  async resume(): Promise<void> {
    await this.session.executeUpdate(messages.resumeUpdate);
  }

  async checkpoint(): Promise<void> {
    await this.session.executeUpdate(messages.checkpointUpdate);
  }

  /** Returns when the session is closed, however. */
  async terminate(request: { discard?: boolean } = {}): Promise<void> {
    await this.session.executeUpdate(messages.terminateUpdate, { args: [request] });
    await this.closes();
  }

  async closes(): Promise<void> {
    await this.session.result().catch(() => undefined);
  }

  async state(): Promise<SessionState> {
    return this.session.query(messages.stateQuery);
  }

  async becomes(status: SessionState['status'], generation?: number): Promise<void> {
    await until(
      () => this.state(),
      (state) => state.status === status && (generation ?? state.generation) === state.generation,
    );
  }

  async turnEnds(id: string): Promise<void> {
    await until(
      () => this.session.query(messages.turnQuery, id),
      (turn) => turn !== null && !['queued', 'running', 'steering'].includes(turn.status),
    );
  }

  async runs(id: string): Promise<void> {
    await until(
      () => this.session.query(messages.turnQuery, id),
      (turn) => turn?.status === 'running',
    );
  }

  async execEnds(id: string): Promise<void> {
    await until(
      () => this.session.query(messages.execQuery, id),
      (exec) => exec !== null && exec.status !== 'running',
    );
  }

  /** Sets the session back to the workflow task that completed last before now. */
  async resetTo(moment: { eventId: string; runId: string }): Promise<void> {
    await this.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: this.session.workflowId, runId: moment.runId },
      workflowTaskFinishEventId: moment.eventId as never,
      requestId: randomUUID(),
      reason: 'test',
    });
  }
}
