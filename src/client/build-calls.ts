/** The calls to the workflow that builds one repository set's images. Its builds are runs of it, one after another. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { buildResultSchema } from '../contracts/build.ts';
import type { BuildRequest, BuildResult } from '../contracts/build.ts';
import { buildQuery } from '../contracts/build-messages.ts';
import { buildWorkflowId, failureTypes, repositoryNameOf } from '../contracts/index.ts';
import { buildWorkflowType } from '../contracts/names.ts';
import type { RepositorySet } from '../contracts/repository-set.ts';
import { BuildFailed, NoAnswer, RepositorySetNotFound } from './errors.ts';
import type { TemporalCalls } from './temporal-calls.ts';
import { causeOf, workflowResult } from './workflow-result.ts';

const firstPauseMs = 50;
const longestPauseMs = 1_000;

export class BuildCalls {
  readonly setId: string;
  readonly #calls: TemporalCalls;

  constructor(parts: { setId: string; calls: TemporalCalls }) {
    this.setId = parts.setId;
    this.#calls = parts.calls;
  }

  /** Returns the run that builds now: it was started, or it ran already. Throws `TemporalUnreachable`, or `NoAnswer`. */
  async start(set: RepositorySet, request: { force: boolean; taskQueue: string }): Promise<string> {
    const { setId } = this;
    const { force, taskQueue } = request;
    const build: BuildRequest = { setId, force };
    const { firstExecutionRunId } = await this.#calls.answered(this.#subject, async () =>
      this.#calls.client.workflow.start(buildWorkflowType, {
        workflowId: buildWorkflowId(setId),
        taskQueue,
        args: [build],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        // How long a workflow task of a worker that died holds it up.
        workflowTaskTimeout: '5s',
        staticSummary: summaryOf(set),
      }),
    );
    return firstExecutionRunId;
  }

  /** Whether there will be more in its log. By default of the newest run. Throws as `start` does. */
  async isOpen(runId?: string): Promise<boolean> {
    return (await this.#calls.isOpen(this.#subject, buildWorkflowId(this.setId), runId)) ?? false;
  }

  /** Which build a run is, as soon as it is known; null when it had nothing to build. Throws `TemporalUnreachable`. */
  async numberOf(runId: string): Promise<number | null> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const open = await this.isOpen(runId);
      const number = await this.#numberNow(runId);
      if (number !== null || !open) return number;
      await sleep(pauseMs);
    }
  }

  /** Throws `BuildFailed`, `RepositorySetNotFound`, or `TemporalUnreachable`. */
  async resultOf(runId: string): Promise<BuildResult> {
    try {
      return buildResultSchema.parse(await workflowResult(this.#calls, this.#subject, this.#handleOf(runId)));
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      throw this.#failure(error);
    }
  }

  get #subject(): string {
    return `the build of "${this.setId}"`;
  }

  #handleOf(runId: string) {
    return this.#calls.client.workflow.getHandle(buildWorkflowId(this.setId), runId);
  }

  async #numberNow(runId: string): Promise<number | null> {
    try {
      const handle = this.#handleOf(runId);
      const { number } = await this.#calls.answered(this.#subject, async () => handle.query(buildQuery));
      return number;
    } catch (error) {
      // Its worker is away.
      if (error instanceof NoAnswer) return null;
      throw error;
    }
  }

  #failure(error: WorkflowFailedError): Error {
    const { cause } = error;
    const isUnknownSet = cause instanceof ApplicationFailure && cause.type === failureTypes.setNotFound;
    return isUnknownSet ? new RepositorySetNotFound(this.setId) : new BuildFailed(this.setId, causeOf(error));
  }
}

/** One line for lists in the Temporal UI. */
function summaryOf({ repositories }: RepositorySet): string {
  const names = repositories.map((repository) => `${repositoryNameOf(repository)}@${repository.branch}`);
  return `image of ${names.join(', ')}`.slice(0, 200);
}
