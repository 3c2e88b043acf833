/** The refresh: one look at all sets, and a build of each that needs one, none in the way of another. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { failureTypes } from '../../src/contracts/failures.ts';
import { refreshRepoImages } from '../../src/workflows/refresh-repo-images.ts';
import { fail } from './support/scripted-activities.ts';
import { begun, nothingToDo, scriptedBuilds } from './support/scripted-builds.ts';
import type { ScriptedBuilds } from './support/scripted-builds.ts';
import { SessionHarness } from './support/session-harness.ts';

const harness = new SessionHarness();

async function refresh(activities: ScriptedBuilds) {
  const workflowId = `refresh-${randomBytes(4).toString('hex')}`;
  const taskQueue = `queue-${workflowId}`;
  const results: Awaited<ReturnType<typeof refreshRepoImages>>[] = [];
  await harness.withWorker({ taskQueue, activities }, async () => {
    results.push(await harness.client.workflow.execute(refreshRepoImages, { taskQueue, workflowId }));
  });
  return results[0];
}

test('a look that finds nothing new is one activity', async () => {
  const kept = [{ setId: 'fruit', reason: 'nothing has changed' }];
  const activities = scriptedBuilds({ heads: () => ({ ...nothingToDo, kept }) });
  expect(await refresh(activities)).toEqual({ ...nothingToDo, kept, built: [] });
  expect(activities.calls).toEqual([]);
});

test('every set that needs it is built, at most three at once, and a failure is only its own', async () => {
  const setIds = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}-${randomBytes(3).toString('hex')}`);
  const [broken = '', ...others] = setIds;
  let running = 0;
  let most = 0;
  const activities = scriptedBuilds({
    heads: () => ({ ...nothingToDo, builds: setIds.map((setId) => ({ setId, reason: 'head' })) }),
    begin: (setId) => (setId === broken ? fail(failureTypes.setNotFound, 'no such set') : begun(setId)),
    step: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 200));
      running -= 1;
      return { succeeded: true, durationMs: 1 };
    },
  });
  const report = await refresh(activities);
  const outcomes = new Map(report?.built.map(({ setId, outcome }) => [setId, outcome]));
  expect(outcomes.get(broken)).toBe('failed: no such set');
  for (const setId of others) expect(outcomes.get(setId)).toBe('current: im-built');
  expect(most).toBeLessThanOrEqual(3);
});

test('a build that somebody ends is over, and the others go on', async () => {
  const [ended = '', other = ''] = ['ended', 'other'].map(
    (name) => `${name}-${randomBytes(3).toString('hex')}`,
  );
  const activities = scriptedBuilds({
    heads: () => ({ ...nothingToDo, builds: [ended, other].map((setId) => ({ setId, reason: 'head' })) }),
    step: async () => {
      await harness.client.workflow
        .getHandle(`image-${ended}`)
        .cancel()
        .catch(() => undefined);
      return { succeeded: true, durationMs: 1 };
    },
  });
  const report = await refresh(activities);
  const outcomes = new Map(report?.built.map(({ setId, outcome }) => [setId, outcome]));
  expect(outcomes.get(ended)).toMatch(/^failed: .*cancel/i);
  expect(outcomes.get(other)).toBe('current: im-built');
  expect(activities.calls.filter((call) => call === `begin ${ended}`)).toHaveLength(1);
});

test('a set that is being built already is left alone', async () => {
  const setId = `busy-${randomBytes(3).toString('hex')}`;
  const workflowId = `image-${setId}`;
  const activities = scriptedBuilds({
    heads: () => ({ ...nothingToDo, builds: [{ setId, reason: 'head' }] }),
  });
  // Nobody works for it: it stays as it is.
  const running = await harness.client.workflow.start('buildRepoImage', {
    workflowId,
    taskQueue: 'nobody',
    args: [{ setId }],
  });
  try {
    expect((await refresh(activities))?.built).toEqual([{ setId, outcome: 'kept: it is being built' }]);
    expect(activities.calls).toEqual([]);
  } finally {
    await running.terminate();
  }
});
