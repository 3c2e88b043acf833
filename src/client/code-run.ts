/** Code run in a sandbox of its own, as its caller sees it. */
import { WorkflowNotFoundError } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { executionResultSchema } from '../contracts/execution.ts';
import type { Execution, ExecutionResult } from '../contracts/execution.ts';
import { executionOwner, workflowIdOf } from '../contracts/index.ts';
import { executionWorkflowType } from '../contracts/names.ts';
import { ExecutionExists, ExecutionFailed, ExecutionIdUsed } from './errors.ts';
import type { ExecOutput } from './exec-run.ts';
import { fingerprint } from './fingerprint.ts';
import { LazyPromise, mayBeIgnored } from './lazy-promise.ts';
import type { SessionLog } from './session-log.ts';
import { startOnce } from './start-once.ts';
import type { StartOnce } from './start-once.ts';
import type { TemporalCalls } from './temporal-calls.ts';
import { causeOf, workflowResult } from './workflow-result.ts';

type Parts = Pick<StartOnce, 'isUsed'> & {
  execution: Execution;
  taskQueue: string;
  calls: TemporalCalls;
  log: SessionLog;
};

/**
 * Awaited it is the result, however the code ended. Iterated it is the output as it comes; each iteration begins with the
 * first of it, and ending the loop early leaves the code running. Both reject with what `accepted` rejects with,
 * `ExecutionFailed` when there was no sandbox to run in, `StoreUnavailable`, and `HarvestClosed`. The same id and request again
 * attach to the same run.
 */
export class CodeRun extends LazyPromise<ExecutionResult> implements AsyncIterable<ExecOutput> {
  readonly executionId: string;
  /**
   * Resolves when Temporal recorded the start; no worker is needed. Rejects with `ExecutionExists`, `ExecutionIdUsed`,
   * `StoreUnavailable`, `TemporalUnreachable`, or `NoAnswer`: repeat it under the same id then.
   */
  readonly accepted: Promise<void>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    const accepted = mayBeIgnored(start(parts));
    super(async () => {
      await accepted;
      return resultOf(parts);
    });
    this.executionId = parts.execution.executionId;
    this.accepted = accepted;
    this.#parts = parts;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ExecOutput, void> {
    await this.accepted;
    for await (const event of this.#parts.log.follow({ after: 0, types: ['exec.output', 'exec.finished'] })) {
      if (event.type === 'exec.finished') return;
      if (event.type === 'exec.output') yield { stream: event.data.stream, text: event.data.text };
    }
    // Over, and the code has not ended: why is its workflow's to say.
    await resultOf(this.#parts);
  }

  /** Ends the code and its sandbox; the result rejects with `ExecutionFailed`. One that ended stays as it is. */
  async cancel(): Promise<void> {
    await this.accepted;
    const { calls, execution } = this.#parts;
    const handle = calls.client.workflow.getHandle(workflowIdFor(execution));
    try {
      await calls.answered(subjectOf(execution), async () => handle.cancel());
    } catch (error) {
      // It has ended.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}

/** For its event log: whether there will be more in it. One that Temporal has forgotten is over. */
export async function isExecutionOpen(calls: TemporalCalls, execution: Execution): Promise<boolean> {
  return (await calls.isOpen(subjectOf(execution), workflowIdFor(execution))) ?? false;
}

function workflowIdFor({ executionId }: Execution): string {
  return workflowIdOf(executionOwner(executionId));
}

function subjectOf({ executionId }: Execution): string {
  return `execution "${executionId}"`;
}

async function start({ execution, taskQueue, calls, isUsed }: Parts): Promise<void> {
  const { executionId, language, timeoutSeconds } = execution;
  await startOnce(calls, {
    subject: subjectOf(execution),
    workflowType: executionWorkflowType,
    options: {
      workflowId: workflowIdFor(execution),
      taskQueue,
      args: [execution],
      staticSummary: `${language}, at most ${timeoutSeconds} s`,
    },
    fingerprint: fingerprint(execution),
    isUsed,
    exists: () => new ExecutionExists(executionId),
    used: () => new ExecutionIdUsed(executionId),
  });
}

/** Its sandbox has ended, too. */
async function resultOf({ execution, calls, log }: Parts): Promise<ExecutionResult> {
  // Ends also when the workflow is over and no code has run.
  for await (const _ of log.follow({ after: 0, types: ['exec.finished'] })) break;
  const handle = calls.client.workflow.getHandle(workflowIdFor(execution));
  try {
    return executionResultSchema.parse(await workflowResult(calls, subjectOf(execution), handle));
  } catch (error) {
    if (error instanceof WorkflowFailedError)
      throw new ExecutionFailed(execution.executionId, causeOf(error));
    throw error;
  }
}
