import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  Harvest,
  HarvestClosed,
  InvalidRequest,
  RepositorySetNotFound,
  StoreUnavailable,
} from '../../src/client.ts';
import type { RegisterRequest } from '../../src/client.ts';
import type { TemporalServer } from '../../src/dev/temporal/server.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startServerIn } from './fixtures/temporal-server.ts';

let directory: string;
let temporal: TemporalServer;
let harvest: Harvest;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-repositories-'));
  temporal = await startServerIn(directory);
  harvest = await Harvest.connect({ temporal: { address: temporal.address }, dataDirectory: directory });
  store = await openStore({ dataDirectory: directory });
});
afterAll(async () => {
  await store.close();
  await harvest.close();
  await temporal.kill();
  await rm(directory, { recursive: true });
});

const url = 'https://example.com/app.git';

test('a set is registered with its defaults, listed, replaced and removed', async () => {
  const { repositories } = harvest;
  expect(await repositories.list()).toEqual([]);
  const fruit = await repositories.register({
    setId: 'fruit',
    repositories: [{ url }, { url: 'https://example.com/lib.git', branch: 'next', name: 'library' }],
    setup: ['make tools'],
    credentials: { github: { from: 'environment', variable: 'GITHUB_TOKEN' } },
  });
  expect(fruit).toEqual({
    setId: 'fruit',
    repositories: [
      { url, branch: 'main' },
      { url: 'https://example.com/lib.git', branch: 'next', name: 'library' },
    ],
    profile: 'core',
    setup: ['make tools'],
    environment: {},
    credentials: { github: { from: 'environment', variable: 'GITHUB_TOKEN' } },
  });
  const apple = await repositories.register({ setId: 'apple', repository: { url }, profile: 'full' });
  expect(apple).toMatchObject({ repositories: [{ url, branch: 'main' }], profile: 'full' });
  expect(await repositories.list()).toEqual([apple, fruit]);
  const replaced = await repositories.register({ setId: 'fruit', repository: { url, branch: 'next' } });
  expect((await repositories.show('fruit')).set).toEqual(replaced);
  await repositories.remove('fruit');
  await repositories.remove('fruit');
  expect(await repositories.list()).toEqual([apple]);
  await expect(repositories.show('fruit')).rejects.toThrow(RepositorySetNotFound);
});

test('a set is shown with what was built of it, newest first, and what sessions start from', async () => {
  const setId = 'shown';
  await harvest.repositories.register({ setId, repository: { url } });
  expect(await harvest.repositories.show(setId)).toMatchObject({ images: [], current: null });
  const { repoImages } = store;
  const begin = async (buildId: string) =>
    repoImages.begin({ setId, buildId, place: 'here', recipeHash: 'r', setHash: 's' });
  const good = await begin('b1');
  const found = {
    heads: [{ repository: 'app', branch: 'main', head: 'a'.repeat(40) }],
    toolchain: { node: '22.1.0' },
    steps: [{ name: 'install', status: 'done', durationMs: 5 }],
    imageId: 'im-1',
  } as const;
  await repoImages.update(good, { ...found, heads: [...found.heads], steps: [...found.steps] });
  await repoImages.promote(good);
  await repoImages.fail(await begin('b2'), 'npm ci ended with 1');
  await begin('b3');
  const { images, current } = await harvest.repositories.show(setId);
  expect(images.map(({ number, state, failure }) => [number, state, failure])).toEqual([
    [3, 'building', null],
    [2, 'failed', 'npm ci ended with 1'],
    [1, 'current', null],
  ]);
  expect(current).toEqual({
    ...found,
    number: 1,
    state: 'current',
    place: 'here',
    beganAt: expect.any(String),
    endedAt: expect.any(String),
    failure: null,
    failedStarts: 0,
  });
  await harvest.repositories.remove(setId);
  await harvest.repositories.register({ setId, repository: { url } });
  expect((await harvest.repositories.show(setId)).current).toBeNull();
});

test('what is not valid is refused by name, and nothing of it is registered', async () => {
  const refused = async (request: object): Promise<string> =>
    harvest.repositories.register({ setId: 'refused', ...request } as RegisterRequest).then(
      () => 'registered',
      (error: unknown) =>
        error instanceof InvalidRequest ? `${error.field}: ${error.message}` : String(error),
    );
  const before = await harvest.repositories.list();
  expect(await refused({})).toMatch(/^repositories: Repository set, repositories: /);
  expect(await refused({ repositories: [] })).toMatch(/^repositories: /);
  expect(await refused({ repositories: [{ url }, { url }] })).toContain('would share a folder');
  expect(await refused({ repository: { url: 'https://me:secret@example.com/x' } })).toMatch(
    /^repository\.url: /,
  );
  expect(await refused({ repository: { url }, repositories: [{ url }] })).toContain('"repositories"');
  expect(await refused({ repository: { url }, profil: 'full' })).toContain('profil');
  expect(await refused({ repository: { url }, setId: 'A' })).toMatch(/^setId: .*a-z, 0-9/);
  const sealed = { from: 'sealed', keyId: 'k', box: 'AAAA' };
  expect(await refused({ repository: { url }, credentials: { github: sealed } })).toContain(
    'a sealed credential is for one session',
  );
  const token = await refused({ repository: { url }, credentials: { github: 'ghp_canary' } });
  expect(token).toMatch(/^credentials\.github: .*name where the worker finds it/);
  expect(token).not.toContain('ghp_canary');
  expect(await harvest.repositories.list()).toEqual(before);
  await expect(harvest.repositories.show('No Such Id!')).rejects.toThrow(InvalidRequest);
  await expect(harvest.repositories.remove('No Such Id!')).rejects.toThrow(InvalidRequest);
});

test('many are registered at once, and another client sees each at once', async () => {
  await using other = await Harvest.connect({
    temporal: { address: temporal.address },
    dataDirectory: directory,
  });
  const ids = Array.from({ length: 40 }, (_, index) => `many-${index}`);
  await Promise.all(ids.map(async (setId) => harvest.repositories.register({ setId, repository: { url } })));
  const known = (await other.repositories.list()).map(({ setId }) => setId);
  expect(known).toEqual(expect.arrayContaining(ids));
});

test('a client that was closed registers and lists nothing', async () => {
  const closed = await Harvest.connect({ temporal: { address: temporal.address }, dataDirectory: directory });
  await closed.repositories.register({ setId: 'before', repository: { url } });
  await closed.close();
  await expect(closed.repositories.register({ setId: 'after', repository: { url } })).rejects.toThrow(
    HarvestClosed,
  );
  await expect(closed.repositories.list()).rejects.toThrow(HarvestClosed);
  await expect(harvest.repositories.show('after')).rejects.toThrow(RepositorySetNotFound);
});

test('a store that cannot be written is named, and used again when it can', async () => {
  const dataDirectory = join(directory, 'away');
  await using other = await Harvest.connect({ temporal: { address: temporal.address }, dataDirectory });
  await rename(dataDirectory, `${dataDirectory}-moved`);
  await writeFile(dataDirectory, 'no folder');
  const register = async () => other.repositories.register({ setId: 'away', repository: { url } });
  await expect(register()).rejects.toThrow(StoreUnavailable);
  await expect(register()).rejects.toThrow(join(dataDirectory, 'store.sqlite'));
  await rm(dataDirectory);
  await rename(`${dataDirectory}-moved`, dataDirectory);
  await register();
  expect((await other.repositories.show('away')).set.setId).toBe('away');
});
