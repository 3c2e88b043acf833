/**
 * The Temporal Schedules that every worker makes sure of when it starts: the reaper's, and the refresh of repo images. Whether
 * one is paused, and why, is somebody's decision, and stays.
 */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions, ScheduleUpdateOptions } from '@temporalio/client';
import { defaultTaskQueue } from './contracts/names.ts';

type HarvestSchedule = {
  scheduleId: string;
  taskQueue: string;
  workflowType: string;
  intervalSeconds: number;
  /** So that many Harvests do not ask a server in the same second. */
  jitterSeconds: number;
  workflowExecutionTimeout: string | undefined;
  staticSummary: string;
};

export type ScheduleTimes = { taskQueue: string; intervalSeconds: number };

/** A schedule that could not run for longer than this does not catch up: one run looks at everything. */
const catchupWindow = '1m';

/** One for each task queue, which is one Harvest: `harvest-reaper` by default. */
export function reaperSchedule({ taskQueue, intervalSeconds }: ScheduleTimes): HarvestSchedule {
  return {
    scheduleId: `${taskQueue}-reaper`,
    taskQueue,
    workflowType: 'reapSandboxes',
    intervalSeconds,
    jitterSeconds: 0,
    workflowExecutionTimeout: '30m',
    staticSummary: 'ends sandboxes that no session owns, and deletes what is kept for nobody',
  };
}

/** `refresh-repo-images` by default; other task queues put their name before it. */
export function refreshSchedule({ taskQueue, intervalSeconds }: ScheduleTimes): HarvestSchedule {
  const id = 'refresh-repo-images';
  return {
    scheduleId: taskQueue === defaultTaskQueue ? id : `${taskQueue}-${id}`,
    taskQueue,
    workflowType: 'refreshRepoImages',
    intervalSeconds,
    jitterSeconds: Math.floor(intervalSeconds / 60),
    // A build ends by the limits of its steps.
    workflowExecutionTimeout: undefined,
    staticSummary: 'builds images of the repository sets whose branches moved',
  };
}

/** Creates the schedule, or brings it to what this worker is told. */
export async function ensureSchedule(client: Client, wanted: HarvestSchedule): Promise<void> {
  const { scheduleId } = wanted;
  const options = scheduleOptions(wanted);
  try {
    await client.schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
  }
}

function scheduleOptions(
  wanted: HarvestSchedule,
): Omit<ScheduleOptions, 'scheduleId'> & ScheduleUpdateOptions {
  const { scheduleId, taskQueue, workflowType, workflowExecutionTimeout, staticSummary } = wanted;
  return {
    spec: {
      intervals: [{ every: wanted.intervalSeconds * 1_000 }],
      jitter: wanted.jitterSeconds * 1_000,
    },
    action: {
      type: 'startWorkflow',
      workflowType,
      workflowId: scheduleId,
      taskQueue,
      args: [],
      ...(workflowExecutionTimeout === undefined ? {} : { workflowExecutionTimeout }),
      staticSummary,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
    state: {},
  };
}
