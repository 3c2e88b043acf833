import { expect, test } from 'vitest';
import type { RepoImage } from '../../src/contracts/repo-image.ts';
import { needsBuild } from '../../src/images/needs-build.ts';
import type { BuildInputs } from '../../src/images/needs-build.ts';

const built = '2026-03-01T00:00:00.000Z';
const soon = '2026-03-01T00:29:00.000Z';
const later = '2026-03-01T06:01:00.000Z';
const weekLater = '2026-03-08T00:00:01.000Z';

const head = { repository: 'fruit', branch: 'main', head: 'a'.repeat(40) };
const now: BuildInputs = { heads: [head], recipeHash: 'r', setHash: 's' };

function image(changes: Partial<RepoImage> = {}): RepoImage {
  return {
    setId: 'fruit',
    number: 1,
    buildId: 'b1',
    place: 'here',
    state: 'current',
    recipeHash: 'r',
    setHash: 's',
    beganAt: built,
    endedAt: built,
    failure: null,
    failedStarts: 0,
    heads: [head],
    toolchain: {},
    fingerprint: 'f',
    steps: [],
    imageId: 'im-1',
    runtimeVersion: '1-sdk.0.0.0',
    ...changes,
  };
}

const moved = { ...head, head: 'b'.repeat(40) };

test.each<[what: string, inputs: Partial<BuildInputs>, images: RepoImage[], at: string, answer: string]>([
  ['a set without images is built', {}, [], soon, 'build first'],
  ['what is unchanged is kept', {}, [image()], soon, 'keep unchanged'],
  ['another head is built', { heads: [moved] }, [image()], soon, 'build head'],
  ['another recipe is built', { recipeHash: 'r2' }, [image()], soon, 'build recipe'],
  ['another definition is built', { setHash: 's2' }, [image()], soon, 'build set'],
  ['what is a week old is built', {}, [image()], weekLater, 'build age'],
  [
    'a head that cannot be read keeps what is there',
    { heads: [null] },
    [image()],
    weekLater,
    'keep unreadable',
  ],
  [
    'nothing is known of a set when one of its heads cannot be read',
    { heads: [moved, null] },
    [],
    soon,
    'keep unreadable',
  ],
  [
    'what is being built is not built twice',
    { heads: [moved] },
    [image({ state: 'building' })],
    soon,
    'keep building',
  ],
  [
    'a build that has lost its workflow is begun again',
    {},
    [image({ state: 'building', endedAt: null })],
    later,
    'build again',
  ],
  [
    'a set that was removed and registered again is built as a new one',
    {},
    [image({ state: 'superseded' })],
    soon,
    'build first',
  ],
  ['what failed is not tried again at once', {}, [image({ state: 'failed' })], soon, 'keep failed'],
  ['what failed is tried again after a while', {}, [image({ state: 'failed' })], later, 'build again'],
  [
    'the next head after a failed one is built',
    { heads: [moved] },
    [image({ state: 'failed' })],
    soon,
    'build head',
  ],
  [
    'an image that could not be started is built again after a while',
    {},
    [image({ state: 'demoted' })],
    later,
    'build again',
  ],
  [
    'a failed build counts more than the current image before it',
    {},
    [image({ number: 2, state: 'failed' }), image({ heads: [moved] })],
    soon,
    'keep failed',
  ],
])('%s', (...[, inputs, images, at, answer]) => {
  const decision = needsBuild({ ...now, ...inputs }, images, at);
  expect(`${decision.do} ${decision.reason}`).toBe(answer);
});
