/** What Temporal itself has recorded of an activity that is not over: its attempts, and when it tries again. */
import { Client, Connection, type WorkflowExecutionDescription } from '@temporalio/client';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import type { World } from './world.ts';

type Info = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

export type PendingActivity = {
  /** Of the attempt that runs or comes next; 1 for the first. */
  attempt: number;
  /** Of the worker whose attempt runs; null while the next one is waited for. */
  workerPid: number | null;
  /** The type of the failure that ended the attempt before, `timeout` for one that was not told; null for the first. */
  lastFailure: string | null;
  /** The time that is set for the next attempt, while it waits. */
  nextAttemptAtMs: number | null;
};

/** Null when no activity of that name is under way. */
export async function pendingActivity(
  client: Client,
  sessionId: string,
  name: string,
): Promise<PendingActivity | null> {
  const { raw } = await client.workflow.getHandle(workflowIdOf(sessionId)).describe();
  const info = raw.pendingActivities?.find(({ activityType }) => activityType?.name === name);
  return info === undefined ? null : read(info);
}

/** `PENDING_ACTIVITY_STATE_STARTED` of Temporal's API. */
const started = 2;

function read(info: Info): PendingActivity {
  const nextAttemptAtMs = msOf(info.nextAttemptScheduleTime);
  const failure = info.lastFailure;
  return {
    attempt: info.attempt ?? 0,
    workerPid: Number(info.state) === started ? Number.parseInt(info.lastWorkerIdentity ?? '', 10) : null,
    lastFailure: failure?.timeoutFailureInfo ? 'timeout' : (failure?.applicationFailureInfo?.type ?? null),
    nextAttemptAtMs,
  };
}

function msOf(time: Info['nextAttemptScheduleTime']): number | null {
  if (!time) return null;
  return Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6;
}

/** A client past Harvest's own. */
export async function temporalOf(world: World): Promise<AsyncDisposable & { client: Client }> {
  const { address, namespace } = world.temporal;
  const connection = await Connection.connect({ address });
  return {
    client: new Client({ connection, namespace }),
    [Symbol.asyncDispose]: async () => connection.close(),
  };
}
