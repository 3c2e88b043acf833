/** The reaper, as a Temporal Schedule runs it: one look at everything, shown in the workflow's details and result. */
import { ActivityCancellationType, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { ReapReport, ReaperActivities } from '../activities/types.ts';
import { detailsList } from './details-list.ts';

/** May retry: everything in it may be repeated. Bounded: the schedule comes again. */
const { reap } = proxyActivities<ReaperActivities>({
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  heartbeatTimeout: '30s',
  startToCloseTimeout: '20m',
  scheduleToCloseTimeout: '25m',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

export async function reapSandboxes(): Promise<ReapReport> {
  setCurrentDetails('looking through the sandboxes');
  const report = await reap();
  setCurrentDetails(renderReport(report));
  return report;
}

function renderReport(report: ReapReport): string {
  const { sandboxes, owned, waiting, ended, deletedImages, forgottenSessions, problems } = report;
  return [
    `**${sandboxes} sandboxes run, ${owned} have a session.**`,
    ...detailsList(
      'Ended',
      ended.map(({ name, why }) => `${name}: ${why}`),
    ),
    ...detailsList('Without a session, not yet for long enough to be ended', waiting),
    ...detailsList('Sessions whose retention time was over', forgottenSessions),
    ...detailsList('Snapshots deleted that nobody needs', deletedImages),
    ...detailsList('What could not be done', problems),
  ].join('\n');
}
