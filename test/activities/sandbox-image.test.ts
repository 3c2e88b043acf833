/** From which image a session's sandbox is made. */
import { beforeEach, expect, test } from 'vitest';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { imageFor, noteStart } from '../../src/activities/sandbox-image.ts';
import type { CreateSandboxInput } from '../../src/activities/types.ts';
import { repositorySetSchema } from '../../src/contracts/repository-set.ts';
import { setHashOf } from '../../src/images/set-hash.ts';
import { runtimeVersion } from '../../src/images/runtime-version.ts';
import { about, sessionOf } from './support/inputs.ts';
import { depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';

const { store } = storeOfTest();
const setId = 'shop';
const url = 'https://github.com/acme/shop.git';
const set = repositorySetSchema.parse({ setId, repositories: [{ url }] });
const name = 's-g1';
const input: CreateSandboxInput & { name: string } = {
  ...about,
  name,
  snapshot: null,
  lifetimeSeconds: 60,
  patient: true,
};
const signal = AbortSignal.timeout(60_000);
let asked: string[] = [];

beforeEach(async () => {
  asked = [];
  await store().repositorySets.save(set);
});

function deps(): ActivityDeps {
  const made = depsWith(
    store(),
    scriptedSandbox(() => ({ code: 0 })),
  );
  return { ...made, requestBuild: async (id) => void asked.push(id) };
}

async function choose(changes: Partial<CreateSandboxInput> = {}) {
  return imageFor(deps(), { ...input, ...changes }, signal);
}

let builds = 0;

async function build(version = runtimeVersion): Promise<string> {
  const imageId = `im-${(builds += 1)}`;
  const begun = await store().repoImages.begin({
    setId,
    buildId: imageId,
    place: 'here',
    recipeHash: 'r',
    setHash: setHashOf(set),
  });
  await store().repoImages.update(begun, { imageId, runtimeVersion: version });
  await store().repoImages.promote(begun);
  return imageId;
}

test('it is the snapshot before anything else, then the current repo image, then the base image', async () => {
  const imageId = await build();
  const snapshot = { imageId: 'im-snapshot', runtimeVersion, generation: 1 };
  expect(await choose({ snapshot })).toEqual({ imageId: 'im-snapshot', from: 'snapshot' });
  expect(await choose()).toEqual({ imageId, from: 'repo' });
  expect(await choose({ image: { kind: 'base' } })).toEqual({ imageId: 'im-base', from: 'base' });
  expect(await choose({ image: { kind: 'repo', imageId: 'im-new' } })).toEqual({
    imageId: 'im-new',
    from: 'repo',
  });
  expect(asked).toEqual([]);
});

test('a set without an image, or with one of a Harvest that is too old, is asked to be built, and nobody waits', async () => {
  expect(await choose()).toEqual({ imageId: 'im-base', from: 'base' });
  await build('0-sdk.0.0.1');
  expect(await choose()).toEqual({ imageId: 'im-base', from: 'base' });
  expect(asked).toEqual([setId, setId]);
});

test('an image of another definition of the set is not started from, whatever it holds', async () => {
  const imageId = await build();
  await store().repositorySets.save({ ...set, setup: ['make'] });
  expect(await choose()).toEqual({ imageId: 'im-base', from: 'base' });
  expect(asked).toEqual([setId]);
  await store().repositorySets.save(set);
  expect(await choose()).toEqual({ imageId, from: 'repo' });
});

test.each([
  ['another branch', [{ url, branch: 'next' }]],
  ['another folder', [{ url, branch: 'main', name: 'other' }]],
  [
    'one repository more',
    [
      { url, branch: 'main' },
      { url: 'https://github.com/acme/web.git', branch: 'main' },
    ],
  ],
])('a session with %s is none of the set', async (_what, repositories) => {
  await build();
  expect(await choose({ session: { ...sessionOf(), repositories } })).toMatchObject({ from: 'base' });
  expect(asked).toEqual([]);
});

test('an attempt after the first takes what that one has asked for, also when another image is current by now', async () => {
  const imageId = await build();
  await store().sandboxes.recordIntent({ name, sessionId: 's', generation: 1, imageId });
  const data = { name, image: 'repo', imageId } as const;
  await store().events.appendOwn('s', [
    { eventId: 'c', at: new Date().toISOString(), generation: 1, body: { type: 'sandbox.creating', data } },
  ]);
  await build();
  expect(await choose()).toEqual({ imageId, from: 'repo' });
});

test('two failed starts in a row bring the image before back; other images do not count', async () => {
  const first = await build();
  const second = await build();
  const note = async (imageId: string, isStarted: boolean, from: 'repo' | 'base' = 'repo') =>
    noteStart(deps(), { imageId, from }, { isStarted });
  await note(second, false);
  await note(second, true);
  await note(second, false);
  await note(second, false, 'base');
  expect(await choose()).toMatchObject({ imageId: second });
  await note(second, false);
  expect(await choose()).toMatchObject({ imageId: first });
});
