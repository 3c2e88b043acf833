/** Repo images on the whole stack: built, proved, started from, and replaced. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session, SessionEventOf } from '../../src/client.ts';
import { controlSandboxes } from '../support/emulator-control.ts';
import { eventually, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';

const run = promisify(execFile);

const credential = { github: { from: 'environment', variable: 'REPO_IMAGE_TOKEN' } } as const;

let world: World;
let url = '';

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  return (await run('git', [...identity, ...args])).stdout.trim();
}

/** Commits files to `main` of the repository, and returns the new head. */
async function push(files: Record<string, string>, repository = url): Promise<string> {
  const { directory } = sharedStack().git;
  const bare = join(directory, repository.split('/').at(-1) ?? '');
  const work = await mkdtemp(join(tmpdir(), 'harvest-push-'));
  try {
    await git('clone', '-q', bare, work);
    for (const [name, content] of Object.entries(files)) await writeFile(join(work, name), content);
    await git('-C', work, 'add', '-A');
    await git('-C', work, 'commit', '-qm', 'change');
    await git('-C', work, 'push', '-q', 'origin', 'HEAD:main');
    return await git('-C', work, 'rev-parse', 'HEAD');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

beforeAll(async () => {
  world = await openWorld({ worker: false });
  const { token, url: server } = sharedStack().git;
  await world.startWorker({
    REPO_IMAGE_TOKEN: token,
    HARVEST_CREDENTIAL_VARIABLES: `github:REPO_IMAGE_TOKEN@${new URL(server).host}`,
  });
  url = await world.repository();
  await push({
    'package.json': JSON.stringify({
      name: 'fruit',
      private: true,
      scripts: { build: "node -e \"fs.writeFileSync('built.txt', process.version + '\\n')\"" },
      dependencies: { 'is-number': '7.0.0' },
    }),
    '.gitignore': 'node_modules\nbuilt.txt\n',
  });
  await world.harvest.repositories.register({
    setId: 'fruit',
    repositories: [{ url }],
    setup: ['echo "set up by $(whoami)" > /workspace/set-up.txt'],
    credentials: credential,
  });
}, 120_000);
afterAll(async () => world[Symbol.asyncDispose]());

async function events(session: Session, type: string): Promise<{ type: string; data: unknown }[]> {
  return (await readLog(session)).filter((event) => event.type === type);
}

async function startedFrom(
  session: Session,
): Promise<SessionEventOf<'sandbox.creating'>['data'] | undefined> {
  const [first] = await events(session, 'sandbox.creating');
  return first?.data as SessionEventOf<'sandbox.creating'>['data'] | undefined;
}

describe('a repo image', () => {
  test('is built once, with a log that can be followed and read afterwards', async () => {
    const build = world.harvest.buildImage('fruit');
    const seen: string[] = [];
    for await (const event of build) if (event.type === 'build.step-finished') seen.push(event.data.name);
    expect(await build).toMatchObject({ kind: 'built', number: 1, state: 'current' });
    expect(seen).toEqual(expect.arrayContaining(['clone', 'detect', 'snapshot', 'canary']));
    expect(await world.harvest.buildImage('fruit')).toMatchObject({ kind: 'kept' });
    const shown = await world.harvest.repositories.show('fruit');
    expect(shown.images).toMatchObject([{ number: 1, state: 'current', failure: null }]);
    const log = await Array.fromAsync(world.harvest.buildLog('fruit', 1));
    expect(log.at(0)?.type).toBe('build.started');
    expect(log.at(-1)?.type).toBe('build.finished');
  });

  test('is what sessions start from: at the newest head, with everything installed and a clean work tree', async () => {
    const head = await push({ 'NEWS.md': 'after the image was built' });
    const session = await world.session({ repository: url });
    const exec = await session.exec([
      'sh',
      '-c',
      'git rev-parse HEAD; git status --porcelain; git branch --show-current; ls node_modules; cat built.txt ../set-up.txt',
    ]);
    const [at, branch, ...rest] = exec.output.trim().split('\n');
    expect(at).toBe(head);
    expect(branch).toBe(`harvest/${session.id}`);
    expect(rest).toEqual(['is-number', expect.stringMatching(/^v\d+/), 'set up by agent']);
    expect(await startedFrom(session)).toMatchObject({ image: 'repo' });
    expect(await events(session, 'repository.ready')).toMatchObject([{ data: { from: 'image', head } }]);
    expect(await session.prompt('!bash cat NEWS.md\n!say read').result()).toMatchObject({ text: 'read' });
    await session.terminate();
  });

  test('is built again when the branch moved', async () => {
    expect(await world.harvest.buildImage('fruit')).toMatchObject({
      kind: 'built',
      number: 2,
      state: 'current',
    });
    const { images } = await world.harvest.repositories.show('fruit');
    expect(images.map(({ number, state }) => `${number} ${state}`)).toEqual(['2 current', '1 previous']);
  });

  test('that fails to build changes nothing, and says why', async () => {
    await push({
      'package.json': JSON.stringify({ name: 'fruit', dependencies: { 'is-number': '99.0.0' } }),
    });
    await expect(Promise.resolve(world.harvest.buildImage('fruit'))).rejects.toThrow(/npm/);
    const { images } = await world.harvest.repositories.show('fruit');
    expect(images[0]).toMatchObject({ state: 'failed', failure: expect.stringContaining('npm') });
    expect(images[1]).toMatchObject({ state: 'current' });
    const session = await world.session({ repository: url });
    expect((await session.exec(['ls', 'node_modules'])).output).toBe('is-number\n');
    expect(await startedFrom(session)).toMatchObject({ image: 'repo' });
    await session.terminate();
  });
});

test('a lockfile that is out of date is said, and installed without, and nothing of that is in the work tree', async () => {
  const repository = await world.repository();
  const manifest = { name: 'stale', version: '1.0.0', dependencies: { 'is-number': '7.0.0' } };
  const lockfile = {
    name: 'stale',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': { name: 'stale', version: '1.0.0', dependencies: { 'is-number': '6.0.0' } } },
  };
  const files = {
    'package.json': JSON.stringify(manifest),
    'package-lock.json': JSON.stringify(lockfile),
    '.gitignore': 'node_modules\n',
  };
  await push(files, repository);
  await world.harvest.repositories.register({
    setId: 'stale',
    repositories: [{ url: repository }],
    setup: [
      `cd /workspace/${repository.split('/').at(-1)?.replace('.git', '')} && git status --porcelain > ../status.txt`,
    ],
    credentials: credential,
  });
  await world.harvest.buildImage('stale');
  const [image] = (await world.harvest.repositories.show('stale')).images;
  expect(image).toMatchObject({ state: 'current' });
  expect(image?.steps.find(({ name }) => name.includes('Install JavaScript'))).toMatchObject({
    status: 'done',
    message: expect.stringContaining('out of date'),
  });
  const session = await world.session({ repository });
  const { output } = await session.exec([
    'sh',
    '-c',
    'cat ../status.txt; grep version node_modules/is-number/package.json',
  ]);
  expect(output.trim()).toBe('"version": "7.0.0",');
  await session.terminate();
});

test('an image that sandboxes cannot be made from is demoted, and the one before it is used, at once', async () => {
  const repository = await world.repository();
  const setId = 'demoted';
  await world.harvest.repositories.register({
    setId,
    repositories: [{ url: repository }],
    credentials: credential,
  });
  const first = await world.harvest.buildImage(setId);
  const second = await world.harvest.buildImage(setId, { force: true });
  if (first.kind !== 'built' || second.kind !== 'built') throw new TypeError('nothing was built');
  await controlSandboxes().deleteImage(second.imageId);
  const session = await world.session({ repository });
  expect(await session.prompt('!say hello').result()).toMatchObject({ status: 'completed' });
  const tried = (await events(session, 'sandbox.creating')).map(({ data }) => data);
  expect(tried).toMatchObject([
    { image: 'repo', imageId: second.imageId },
    { image: 'repo', imageId: first.imageId },
  ]);
  const { images } = await world.harvest.repositories.show(setId);
  expect(images.map(({ number, state }) => `${number} ${state}`)).toEqual(['2 demoted', '1 current']);
  await session.terminate();
});

test('the refresh builds what moved by itself, and nothing else', async () => {
  const { token, url: server } = sharedStack().git;
  await using own = await openWorld({ worker: false });
  await own.startWorker({
    REPO_IMAGE_TOKEN: token,
    HARVEST_CREDENTIAL_VARIABLES: `github:REPO_IMAGE_TOKEN@${new URL(server).host}`,
    HARVEST_REFRESH_INTERVAL_SECONDS: '2',
  });
  const moving = await own.repository();
  const still = await own.repository();
  for (const [setId, repository] of [
    ['moving', moving],
    ['still', still],
  ] as const)
    await own.harvest.repositories.register({
      setId,
      repositories: [{ url: repository }],
      credentials: credential,
    });
  const numbers = async (setId: string): Promise<string[]> =>
    (await own.harvest.repositories.show(setId)).images.map(({ number, state }) => `${number} ${state}`);
  for (const setId of ['moving', 'still'])
    await eventually(
      () => numbers(setId),
      (images) => images[0] === '1 current',
    );
  await push({ 'NEWS.md': 'moved' }, moving);
  await eventually(
    () => numbers('moving'),
    (images) => images[0] === '2 current',
  );
  expect(await numbers('still')).toEqual(['1 current']);
});

test('a set without an image starts from the base image, and an image is asked for', async () => {
  const other = await world.repository();
  await world.harvest.repositories.register({
    setId: 'other',
    repositories: [{ url: other }],
    credentials: credential,
  });
  const session = await world.session({ repository: other });
  await session.prompt('!say hello').result();
  expect(await startedFrom(session)).toMatchObject({ image: 'base' });
  await eventually(
    async () => (await world.harvest.repositories.show('other')).images,
    (images) => images[0]?.state === 'current',
  );
  await session.terminate();
});
