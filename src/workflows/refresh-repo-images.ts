/** One look at all repository sets, as the schedule `refresh-repo-images` runs it, and the builds that come of it. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowFailure,
  ParentClosePolicy,
  TerminatedFailure,
  executeChild,
  isCancellation,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow';
import type { RefreshReport } from '../activities/types.ts';
import type { BuildResult } from '../contracts/build.ts';
import { failureTypes } from '../contracts/failures.ts';
import { buildWorkflowId } from '../contracts/ids.ts';
import { checkHeads } from './activities.ts';
import { buildRepoImage } from './build-repo-image.ts';
import { detailsList } from './details-list.ts';
import { describeFailure, failureTypeOf } from './failure.ts';

/** Side by side: each has a sandbox that works hard. */
const mostBuilds = 3;

/** Of a build that failed. */
const mostRetries = 3;
const firstPauseMs = 60_000;

type Built = { setId: string; outcome: string };

export async function refreshRepoImages(): Promise<RefreshReport & { built: Built[] }> {
  setCurrentDetails('asking for the heads of all branches');
  const report = await checkHeads();
  const waiting = report.builds.map(({ setId }) => setId);
  const built: Built[] = [];
  const show = (): void => setCurrentDetails(render(report, built));
  show();
  const work = async (): Promise<void> => {
    for (let setId = waiting.shift(); setId !== undefined; setId = waiting.shift()) {
      built.push({ setId, outcome: await buildOne(setId) });
      show();
    }
  };
  await Promise.all(Array.from({ length: mostBuilds }, work));
  return { ...report, built };
}

/** Its failure is its own: it is told here, and is no failure of the others. */
async function buildOne(setId: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return describe(await build(setId, { force: tries > 1 }));
    } catch (error) {
      // Of the look itself; a build that somebody ended is told like any other.
      if (CancellationScope.current().consideredCancelled) throw error;
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'kept: it is being built';
      if (isFinal(error) || tries > mostRetries) return `failed: ${sentenceOf(error)}`;
    }
    // Between two tries no build runs: somebody who asks for one now gets it at once.
    await sleep(firstPauseMs * 2 ** (tries - 1));
  }
}

/** Somebody wanted it so, or the set is gone. */
function isFinal(error: unknown): boolean {
  const isEnded = error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure;
  return isEnded || isCancellation(error) || failureTypeOf(error) === failureTypes.setNotFound;
}

function sentenceOf(error: unknown): string {
  return isCancellation(error) ? 'it was cancelled' : describeFailure(error);
}

/** `force`: what has failed is not tried again so soon otherwise. */
async function build(setId: string, { force }: { force: boolean }): Promise<BuildResult> {
  return executeChild(buildRepoImage, {
    workflowId: buildWorkflowId(setId),
    args: [{ setId, force }],
    // A build that runs when this look is ended goes on.
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowTaskTimeout: '5s',
    staticSummary: `image of ${setId}`,
  });
}

function describe(result: BuildResult): string {
  return result.kind === 'built' ? `${result.state}: ${result.imageId}` : `kept: ${result.reason}`;
}

function render(report: RefreshReport, built: readonly Built[]): string {
  const done = new Map(built.map(({ setId, outcome }) => [setId, outcome]));
  return [
    `**${report.builds.length} of ${report.builds.length + report.kept.length} sets are built.**`,
    ...detailsList(
      'Built',
      report.builds.map(
        ({ setId, reason }) => `${setId} (${reason}): ${done.get(setId) ?? 'waiting or running'}`,
      ),
    ),
    ...detailsList(
      'Kept',
      report.kept.map(({ setId, reason }) => `${setId}: ${reason}`),
    ),
    ...detailsList('Images deleted that no session can need', report.deletedImages),
    ...detailsList('What could not be done', report.problems),
  ].join('\n');
}
