import { expect, test } from 'vitest';
import { repositorySetSchema } from '../../../src/contracts/repository-set.ts';
import type { RepositorySet } from '../../../src/contracts/repository-set.ts';
import type { RepoImage } from '../../../src/contracts/repo-image.ts';
import type { StoreUnderTest } from './subject.ts';

const place = 'http://127.0.0.1:1';

function set(setId: string, branch = 'main'): RepositorySet {
  return repositorySetSchema.parse({
    setId,
    repositories: [{ url: `https://example.com/${setId}`, branch }],
  });
}

export function testRepoImages({ store }: StoreUnderTest): void {
  const begin = async (buildId: string, setId = 'fruit'): Promise<RepoImage> =>
    store().repoImages.begin({ setId, buildId, place, recipeHash: 'r', setHash: 's' });

  /** Built to its end, or as far as being promoted. */
  const build = async (buildId: string, setId = 'fruit'): Promise<RepoImage> => {
    const begun = await begin(buildId, setId);
    await store().repoImages.update(begun, { imageId: `im-${buildId}` });
    return store().repoImages.promote(begun);
  };
  const states = async (setId = 'fruit'): Promise<string[]> =>
    (await store().repoImages.list(setId)).map(({ number, state }) => `${number} ${state}`);
  const failedStart = async (imageId: string) =>
    store().repoImages.recordStart({ place, imageId, isStarted: false });

  test('a set is found as it was registered last, until it is removed', async () => {
    const { repositorySets } = store();
    expect(await repositorySets.find('fruit')).toBeNull();
    await repositorySets.save(set('nuts'));
    await repositorySets.save(set('fruit'));
    await repositorySets.save(set('fruit', 'next'));
    expect(await repositorySets.find('fruit')).toEqual(set('fruit', 'next'));
    expect(await repositorySets.list()).toEqual([set('fruit', 'next'), set('nuts')]);
    await repositorySets.remove('fruit');
    await repositorySets.remove('fruit');
    expect(await repositorySets.list()).toEqual([set('nuts')]);
  });

  test('a build has the next number of its set, and begins once', async () => {
    const first = await begin('b1');
    expect(first).toMatchObject({ number: 1, state: 'building', imageId: null, steps: [], failedStarts: 0 });
    expect(await begin('b1')).toEqual(first);
    expect(await begin('b2')).toMatchObject({ number: 2 });
    expect(await begin('b1', 'nuts')).toMatchObject({ number: 1 });
  });

  test('what a build finds is added to what it has found, until it has ended', async () => {
    const { repoImages } = store();
    const begun = await begin('b1');
    await repoImages.update(begun, { toolchain: { node: '22.1.0' } });
    await repoImages.update(begun, { fingerprint: 'f' });
    const failed = await repoImages.fail(begun, 'npm ci ended with 1');
    expect(failed).toMatchObject({ toolchain: { node: '22.1.0' }, fingerprint: 'f', state: 'failed' });
    await repoImages.update(begun, { fingerprint: 'late' });
    expect(await repoImages.fail(begun, 'another reason')).toEqual(failed);
    expect(await repoImages.promote(begun)).toEqual(failed);
    expect(await repoImages.list('fruit')).toEqual([failed]);
  });

  test('the newest good build is current, the one before it previous', async () => {
    await store().repositorySets.save(set('fruit'));
    expect(await store().repoImages.current('fruit', place)).toBeNull();
    for (const buildId of ['b1', 'b2', 'b3'])
      expect(await build(buildId)).toMatchObject({ state: 'current' });
    expect(await build('b3')).toMatchObject({ number: 3, state: 'current' });
    expect(await states()).toEqual(['3 current', '2 previous', '1 superseded']);
    expect(await store().repoImages.current('fruit', place)).toMatchObject({ imageId: 'im-b3' });
    expect(await store().repoImages.current('fruit', 'elsewhere')).toBeNull();
  });

  test('a build that ends late never takes the place of a newer one, nor that of a set which was removed', async () => {
    await store().repositorySets.save(set('fruit'));
    const slow = await begin('slow');
    await store().repoImages.update(slow, { imageId: 'im-slow' });
    await build('fast');
    expect(await store().repoImages.promote(slow)).toMatchObject({ number: 1, state: 'superseded' });
    expect(await states()).toEqual(['2 current', '1 superseded']);
    await store().repositorySets.remove('fruit');
    expect(await build('after')).toMatchObject({ state: 'superseded' });
    expect(await states()).toEqual(['3 superseded', '2 superseded', '1 superseded']);
  });

  test('a build without an image cannot be promoted', async () => {
    const begun = await begin('b1');
    await expect(store().repoImages.promote(begun)).rejects.toThrow(/has no image/);
    await expect(store().repoImages.fail({ setId: 'fruit', number: 9 }, 'why')).rejects.toThrow(/no build 9/);
  });

  test('two failed starts in a row demote the current image, and the one before it is current again', async () => {
    await store().repositorySets.save(set('fruit'));
    await build('b1');
    await build('b2');
    expect(await failedStart('im-b2')).toBeNull();
    await store().repoImages.recordStart({ place, imageId: 'im-b2', isStarted: true });
    expect(await failedStart('im-b2')).toBeNull();
    expect(await failedStart('im-b2')).toMatchObject({ number: 2, state: 'demoted' });
    expect(await failedStart('im-b2')).toBeNull();
    expect(await failedStart('im-unknown')).toBeNull();
    expect(await states()).toEqual(['2 demoted', '1 current']);
    // With nothing before it, sessions start without an image.
    await failedStart('im-b1');
    await failedStart('im-b1');
    expect(await store().repoImages.current('fruit', place)).toBeNull();
    expect(await build('b3')).toMatchObject({ state: 'current' });
  });

  test('an image that nobody needs is condemned when no open sandbox was made from it, and told until it is deleted', async () => {
    const { repoImages, sandboxes } = store();
    await store().repositorySets.save(set('fruit'));
    await sandboxes.recordIntent({ name: 'x-g1', sessionId: 'x', generation: 1, imageId: 'im-b1' });
    for (const buildId of ['b1', 'b2', 'b3', 'b4']) await build(buildId);
    const failed = await begin('b5');
    await repoImages.update(failed, { imageId: 'im-b5' });
    expect(await repoImages.condemnNeedless(place)).toEqual([{ imageId: 'im-b2' }]);
    await repoImages.fail(failed, 'the canary did not start');
    const sandbox = await sandboxes.find('x-g1');
    if (sandbox !== null) await sandboxes.recordEnded(sandbox, 'terminated');
    const needless = ['im-b1', 'im-b2', 'im-b5'].map((imageId) => ({ imageId }));
    expect(await repoImages.condemnNeedless(place)).toEqual(needless);
    for (const { imageId } of needless.slice(1)) await repoImages.recordDeleted({ place, imageId });
    expect(await repoImages.condemnNeedless(place)).toEqual([{ imageId: 'im-b1' }]);
    expect(await repoImages.condemnNeedless('elsewhere')).toEqual([]);
    // A sandbox that was asked for before the image was condemned.
    await sandboxes.recordIntent({ name: 'y-g1', sessionId: 'y', generation: 1, imageId: 'im-b1' });
    expect(await repoImages.condemnNeedless(place)).toEqual([]);
  });
}
