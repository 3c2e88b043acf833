/**
 * Builds the image of a repository set. Owns the order of it: an image becomes current only after a sandbox made from it has
 * fetched and run the probe. Every step is told in the build's own log, `image.<setId>.<number>`.
 */
import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BegunBuild } from '../activities/types.ts';
import { buildQuery } from '../contracts/build-messages.ts';
import { buildRequestSchema } from '../contracts/build.ts';
import type { BuildRequest, BuildResult } from '../contracts/build.ts';
import { failureTypes } from '../contracts/failures.ts';
import { buildWorkflowId } from '../contracts/ids.ts';
import { beginBuild, closeSession, failBuild, promoteBuild, recordEvents } from './activities.ts';
import { BuildRun } from './build-run.ts';
import { buildAndProve } from './build-steps.ts';
import { claimId } from './claim-id.ts';
import { describeFailure, failureTypeOf } from './failure.ts';
import { parseInput } from './parse-input.ts';

export async function buildRepoImage(request: BuildRequest): Promise<BuildResult> {
  let number: number | null = null;
  setHandler(buildQuery, () => ({ number }), { description: 'The number of the build that runs.' });
  const { setId, force } = parseInput('build', buildRequestSchema, request);
  const { workflowId, runId } = workflowInfo();
  if (workflowId !== buildWorkflowId(setId))
    throw ApplicationFailure.nonRetryable(
      `the workflow that builds set "${setId}" has the id "${buildWorkflowId(setId)}"`,
      failureTypes.invalidInput,
    );
  const begun = await beginBuild({ setId, force, buildId: runId }).catch((error: unknown) => {
    throw asBuildFailure(error);
  });
  if (begun.kind === 'kept') {
    setCurrentDetails(`**kept**: ${begun.reason}`);
    return begun;
  }
  number = begun.build.number;
  return build(new BuildRun(begun), begun);
}

type Begun = Extract<BegunBuild, { kind: 'begun' }>;

async function build(run: BuildRun, begun: Begun): Promise<BuildResult> {
  run.tell({ type: 'build.started', data: { ...begun.build, reason: begun.reason } });
  try {
    await claimId(async (claim) => run.carrying(async (carried) => recordEvents({ ...carried, ...claim })));
    const { imageId } = await buildAndProve(run, begun.setup);
    const { state } = await run.carrying(async (carried) => promoteBuild({ ...carried, ...run.account }));
    run.tell({ type: 'build.finished', data: { state, imageId } });
    run.show(`**${state}**: \`${imageId}\``);
    return { kind: 'built', number: begun.build.number, state, imageId };
  } catch (error) {
    throw await CancellationScope.nonCancellable(async () => fail(run, error));
  } finally {
    await CancellationScope.nonCancellable(async () => close(run));
  }
}

/** What the workflow fails with. */
async function fail(run: BuildRun, error: unknown): Promise<unknown> {
  const failure = isCancellation(error) ? 'it was cancelled' : describeFailure(error);
  run.tell({ type: 'build.finished', data: { state: 'failed', imageId: null, message: failure } });
  run.show(`**failed**: ${failure}`);
  await run.carrying(async (carried) => failBuild({ ...carried, ...run.account, failure }));
  return asBuildFailure(error);
}

/** Tried again by whoever started it so, but for a set that is not there. */
function asBuildFailure(error: unknown): unknown {
  if (isCancellation(error)) return error;
  const isGone = failureTypeOf(error) === failureTypes.setNotFound;
  return ApplicationFailure.create({
    message: describeFailure(error),
    type: isGone ? failureTypes.setNotFound : failureTypes.buildFailed,
    nonRetryable: isGone,
  });
}

/** Its sandboxes; its log stays for the retention time. */
async function close(run: BuildRun): Promise<void> {
  await run
    .carrying(async (carried) => closeSession({ ...carried, discard: false }))
    .catch((error: unknown) => log.warn(`the build could not be closed: ${describeFailure(error)}`));
}
