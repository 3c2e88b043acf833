/** A build of a repo image: its order, what ends it, and what is told of it. */
import { expect, test } from 'vitest';
import type { BuildRequest, BuildResult } from '../../src/contracts/build.ts';
import { failureTypes } from '../../src/contracts/failures.ts';
import { buildRepoImage } from '../../src/workflows/build-repo-image.ts';
import { fail } from './support/scripted-activities.ts';
import { begun, command, scriptedBuilds } from './support/scripted-builds.ts';
import type { ScriptedBuilds } from './support/scripted-builds.ts';
import { SessionHarness } from './support/session-harness.ts';

const harness = new SessionHarness();
let count = 0;

async function play(activities: ScriptedBuilds, more: Partial<BuildRequest> = {}): Promise<BuildResult> {
  const setId = `set-${(count += 1)}`;
  const workflowId = `image-${setId}`;
  const taskQueue = `queue-${workflowId}`;
  const args: [BuildRequest] = [{ setId, ...more }];
  const results: BuildResult[] = [];
  await harness.withWorker({ taskQueue, activities }, async () => {
    results.push(await harness.client.workflow.execute(buildRepoImage, { taskQueue, workflowId, args }));
  });
  const [result] = results;
  if (result === undefined) throw new TypeError('the build has no result');
  return result;
}

function told(activities: ScriptedBuilds): string[] {
  return activities.events.map(({ body }) => {
    if (body.type === 'build.step-finished') return `${body.data.name}: ${body.data.status}`;
    return body.type === 'build.step-started' ? `${body.data.name} …` : body.type;
  });
}

test('an image becomes current after a second sandbox was made from it and ran the probe', async () => {
  const activities = scriptedBuilds();
  expect(await play(activities)).toEqual({ kind: 'built', number: 1, state: 'current', imageId: 'im-built' });
  expect(activities.calls).toEqual([
    expect.stringMatching(/^begin set-/),
    'record',
    'create g1',
    'start g1 new',
    'plan',
    'step install g1',
    'step probe g1',
    'save',
    'create g2',
    'start g2 new',
    'step probe-again g2',
    'end',
    'promote',
    'close',
  ]);
  expect(told(activities)).toEqual([
    'build.started',
    'clone …',
    'clone: done',
    'detect …',
    'detect: done',
    'do install …',
    'do install: done',
    'do probe …',
    'do probe: done',
    'snapshot …',
    'snapshot: done',
    'canary …',
    'canary: done',
    'do probe …',
    'do probe: done',
    'build.finished',
  ]);
});

test('the sandbox it is built in comes from the base image, the one that proves it from what was built', async () => {
  const asked: unknown[] = [];
  const activities = scriptedBuilds({ create: ({ image }) => void asked.push(image) });
  await play(activities);
  expect(asked).toEqual([{ kind: 'base' }, { kind: 'repo', imageId: 'im-built' }]);
});

test('a step that may fail is told and the build goes on; one that may not ends it, and nothing is promoted', async () => {
  const failing = (name: string) => async (step: string) =>
    step === name
      ? { succeeded: false, durationMs: 1, message: 'it broke' }
      : { succeeded: true, durationMs: 1 };
  const steps = [command('install'), command('build', 'warn'), command('probe')];
  const tolerant = scriptedBuilds({ steps, step: failing('build') });
  expect(await play(tolerant)).toMatchObject({ state: 'current' });
  expect(told(tolerant)).toContain('do build: warned');
  const strict = scriptedBuilds({ steps, step: failing('install') });
  await expect(play(strict)).rejects.toMatchObject({
    cause: { type: failureTypes.buildFailed, message: 'do install: it broke' },
  });
  expect(strict.calls.slice(-2)).toEqual(['fail: do install: it broke', 'close']);
  expect(told(strict).at(-1)).toBe('build.finished');
  expect(strict.calls).not.toContain('save');
});

test('an image that no sandbox starts from is not promoted', async () => {
  const activities = scriptedBuilds({
    start: (generation) => {
      if (generation === 2) fail(failureTypes.sandboxLost, 'it died at once');
    },
  });
  await expect(play(activities)).rejects.toMatchObject({ cause: { message: 'it died at once' } });
  expect(activities.calls).not.toContain('promote');
  expect(activities.calls.slice(-2)).toEqual(['fail: it died at once', 'close']);
});

test('a build whose log cannot be had has failed, and is not left as one that is under way', async () => {
  const activities = scriptedBuilds({ record: () => fail(failureTypes.sessionIdUsed, 'the id was used') });
  await expect(play(activities)).rejects.toMatchObject({ cause: { message: 'the id was used' } });
  expect(activities.calls.slice(1)).toEqual(['fail: the id was used', 'close']);
});

test('where nothing is to be built nothing begins', async () => {
  const activities = scriptedBuilds({ begin: () => ({ kind: 'kept', reason: 'nothing has changed' }) });
  expect(await play(activities)).toEqual({ kind: 'kept', reason: 'nothing has changed' });
  expect(activities.calls).toHaveLength(1);
});

test('a cancelled build ends as failed, and leaves no sandbox', async () => {
  const setId = 'cancelled';
  const workflowId = `image-${setId}`;
  const taskQueue = `queue-${workflowId}`;
  const running = Promise.withResolvers<void>();
  const activities = scriptedBuilds({
    begin: () => begun(setId),
    create: async () => {
      running.resolve();
      await new Promise((resolve) => setTimeout(resolve, 500));
    },
  });
  await harness.withWorker({ taskQueue, activities }, async () => {
    const handle = await harness.client.workflow.start(buildRepoImage, {
      taskQueue,
      workflowId,
      args: [{ setId }],
    });
    await running.promise;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(/cancel/i);
  });
  expect(activities.calls.slice(-2)).toEqual(['fail: it was cancelled', 'close']);
});

test.each([
  [{ setId: 'Not a set' }, failureTypes.invalidInput],
  [{ setId: 'another' }, failureTypes.invalidInput],
])('a request that is not valid, or under another id, fails with a sentence: %j', async (request, type) => {
  const activities = scriptedBuilds();
  await expect(play(activities, request)).rejects.toMatchObject({ cause: { type } });
  expect(activities.calls).toEqual([]);
});
