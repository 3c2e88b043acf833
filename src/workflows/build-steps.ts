/** The steps of a build: in a sandbox from the base image, and then in one from what was built. */
import { ApplicationFailure } from '@temporalio/workflow';
import { failureTypes } from '../contracts/failures.ts';
import type { BuildCommand, CreateSandboxInput } from '../activities/types.ts';
import {
  createSandbox,
  endSandboxes,
  planBuild,
  runBuildStep,
  saveBuild,
  startSupervisor,
} from './activities.ts';
import type { BuildRun } from './build-run.ts';
import { describeFailure } from './failure.ts';

/** Of one sandbox: longer than all time limits of its steps together would take is no build. */
const lifetimeSeconds = 4 * 60 * 60;

export async function buildAndProve(run: BuildRun, setup: string[]): Promise<{ imageId: string }> {
  const sandboxId = await open(run, { title: 'clone', image: { kind: 'base' } });
  const plan = await step(run, 'detect', async () =>
    run.carrying(async (carried) =>
      planBuild({ ...carried, build: run.build, generation: run.generation, sandboxId, setup }),
    ),
  );
  for (const message of plan.warnings) run.tell({ type: 'warning', data: { message } });
  for (const command of plan.steps) await runCommand(run, sandboxId, command);
  const { imageId } = await step(run, 'snapshot', async () =>
    run.carrying(async (carried) =>
      saveBuild({ ...carried, build: run.build, generation: run.generation, sandboxId }),
    ),
  );
  await prove(run, { imageId, probe: plan.steps.at(-1) });
  return { imageId };
}

/** The canary: it boots, fetches, and runs the probe. */
async function prove(
  run: BuildRun,
  { imageId, probe }: { imageId: string; probe: BuildCommand | undefined },
): Promise<void> {
  run.generation += 1;
  const sandboxId = await open(run, { title: 'canary', image: { kind: 'repo', imageId } });
  if (probe !== undefined) await runCommand(run, sandboxId, { ...probe, name: `${probe.name}-again` });
  await run.carrying(async (carried) => endSandboxes(carried));
}

type Opening = { title: string; image: NonNullable<CreateSandboxInput['image']> };

async function open(run: BuildRun, { title, image }: Opening): Promise<string> {
  return step(run, title, async () => {
    const { generation } = run;
    const created = await run.carrying(async (carried) =>
      createSandbox({ ...carried, generation, snapshot: null, image, lifetimeSeconds, patient: true }),
    );
    const { sandboxId, imageId, from } = created;
    await run.carrying(async (carried) =>
      startSupervisor({
        ...carried,
        generation,
        sandboxId,
        restore: null,
        image: { imageId, from },
        agent: false,
      }),
    );
    return sandboxId;
  });
}

/** A step whose failure ends the build. */
async function step<T>(run: BuildRun, name: string, work: () => Promise<T>): Promise<T> {
  run.begin(name);
  const began = Date.now();
  try {
    const result = await work();
    run.end({ name, status: 'done', durationMs: Date.now() - began });
    return result;
  } catch (error) {
    const message = describeFailure(error);
    run.end({ name, status: 'failed', durationMs: Date.now() - began, message });
    throw error;
  }
}

async function runCommand(run: BuildRun, sandboxId: string, command: BuildCommand): Promise<void> {
  const { title: name, onFailure } = command;
  const { build, generation } = run;
  run.begin(name);
  const began = Date.now();
  const report = await run
    .carrying(async (carried) =>
      runBuildStep.executeWithOptions({ summary: name }, [
        { ...carried, build, generation, sandboxId, step: command },
      ]),
    )
    .catch((error: unknown) => {
      run.end({ name, status: 'failed', durationMs: Date.now() - began, message: describeFailure(error) });
      throw error;
    });
  const { succeeded, durationMs, message } = report;
  const isTolerated = !succeeded && onFailure !== 'fail';
  const status = succeeded ? 'done' : isTolerated ? 'warned' : 'failed';
  run.end({ name, status, durationMs, ...(message === undefined ? {} : { message }) });
  if (status === 'failed')
    throw ApplicationFailure.create({ message: `${name}: ${message ?? ''}`, type: failureTypes.buildFailed });
}
