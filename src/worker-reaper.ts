/**
 * The worker's part of the reaper: what it asks Temporal about sessions, and the schedule that lets it run. Every worker
 * makes sure of the schedule when it starts; somebody may pause it, and it stays paused.
 */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, ScheduleOptions, ScheduleUpdateOptions } from '@temporalio/client';
import type { SessionLife } from './activities/ownership.ts';
import { workflowIdOf } from './contracts/ids.ts';
import { searchAttributes } from './contracts/search-attributes.ts';
import type { SessionStatus } from './contracts/session-state.ts';
import { isOpen } from './contracts/workflow-status.ts';

/** A schedule that could not run for longer than this does not catch up: one run looks at everything. */
const catchupWindow = '1m';

/** States in which a session has no sandbox, and wants none. */
const withoutSandbox: readonly SessionStatus[] = ['paused', 'closed'];

/** As Temporal says: its memory of a closed workflow ends with the namespace's retention time. */
export async function lookUpSession(client: Client, sessionId: string): Promise<SessionLife> {
  try {
    const found = await client.workflow.getHandle(workflowIdOf(sessionId)).describe();
    if (!isOpen(found.status.name)) return { kind: 'closed' };
    const state = found.typedSearchAttributes.get(searchAttributes.state);
    return { kind: 'running', ownsSandbox: !withoutSandbox.some((status) => status === state) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'unknown' };
    throw error;
  }
}

export type ReaperSchedule = { taskQueue: string; intervalSeconds: number };

/** One for each task queue, which is one Harvest: `harvest-reaper` by default. */
function reaperScheduleId({ taskQueue }: Pick<ReaperSchedule, 'taskQueue'>): string {
  return `${taskQueue}-reaper`;
}

/** Creates the schedule, or brings it to what this worker is told; whether it is paused, and why, stays. */
export async function ensureReaperSchedule(client: Client, wanted: ReaperSchedule): Promise<void> {
  const scheduleId = reaperScheduleId(wanted);
  const options = scheduleOptions(wanted);
  try {
    await client.schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
  }
}

function scheduleOptions(
  wanted: ReaperSchedule,
): Omit<ScheduleOptions, 'scheduleId'> & ScheduleUpdateOptions {
  return {
    spec: { intervals: [{ every: wanted.intervalSeconds * 1_000 }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'reapSandboxes',
      workflowId: reaperScheduleId(wanted),
      taskQueue: wanted.taskQueue,
      args: [],
      workflowExecutionTimeout: '30m',
      staticSummary: 'ends sandboxes that no session owns, and deletes what is kept for nobody',
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
    state: {},
  };
}
