/** Starts the workflow of an id, once however often it is asked. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/common';
import type { WorkflowStartOptions } from '@temporalio/client';
import { fingerprintMemo } from './fingerprint.ts';
import type { TemporalCalls } from './temporal-calls.ts';

export type StartOnce = {
  /** For sentences: `session "x"`. */
  subject: string;
  workflowType: string;
  options: Pick<
    WorkflowStartOptions,
    'workflowId' | 'taskQueue' | 'args' | 'staticSummary' | 'staticDetails' | 'typedSearchAttributes'
  >;
  /** Of the request. */
  fingerprint: string;
  /** Whether one of this id has begun, as far as the store says: Temporal forgets sooner. */
  isUsed: () => Promise<boolean>;
  /** What to throw when the id was started from another request. */
  exists: () => Error;
  /** What to throw when Temporal has forgotten the one that had the id. */
  used: () => Error;
};

/**
 * Resolves when Temporal recorded the start; no worker is needed. The same request again attaches. Throws what `exists` and
 * `used` say, `TemporalUnreachable`, or `NoAnswer`: repeat it under the same id then.
 */
export async function startOnce(calls: TemporalCalls, start: StartOnce): Promise<void> {
  const { subject, workflowType, options, fingerprint } = start;
  if (await start.isUsed()) return attach(calls, start);
  try {
    await calls.answered(subject, async () =>
      calls.client.workflow.start(workflowType, {
        ...options,
        // The id of a closed one is taken, too: its event log carries it.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        // How long a workflow task of a worker that died holds it up.
        workflowTaskTimeout: '5s',
        memo: { [fingerprintMemo]: fingerprint },
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await attach(calls, start);
  }
}

/** To the one of that id, open or closed, if it was started from the same request. */
async function attach(calls: TemporalCalls, start: StartOnce): Promise<void> {
  const handle = calls.client.workflow.getHandle(start.options.workflowId);
  try {
    const { memo } = await calls.answered(start.subject, async () => handle.describe());
    if (memo?.[fingerprintMemo] !== start.fingerprint) throw start.exists();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw start.used();
    throw error;
  }
}
