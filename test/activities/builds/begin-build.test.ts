/** Whether a build begins, under which number, and what the look at all sets says. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { beginBuild } from '../../../src/activities/builds/begin-build.ts';
import { checkHeads } from '../../../src/activities/builds/check-heads.ts';
import { CredentialVault } from '../../../src/activities/credentials.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import type { BegunBuild } from '../../../src/activities/types.ts';
import { repositorySetSchema } from '../../../src/contracts/repository-set.ts';
import { createDemoRepository } from '../../../src/dev/demo-repository/create.ts';
import { startGitServer } from '../../../src/dev/git-server/server.ts';
import type { GitServer } from '../../../src/dev/git-server/server.ts';
import {
  CredentialGrants,
  credentialVariables,
  modalSecrets,
} from '../../../src/secrets/credential-grants.ts';
import { SealingKeys, generateSealingKey } from '../../../src/secrets/sealing.ts';
import { temporaryFolder } from '../../store/temporary-folder.ts';
import { attemptNumber, depsWith, scriptedSandbox } from '../support/scripted-sandbox.ts';
import { storeOfTest } from '../support/store-of-test.ts';

const { store } = storeOfTest();
const setId = 'fruit';
const token = 'a-token';
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let git: GitServer;
let deleted: string[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  git = await startGitServer({ directory: folder.path, token });
  await createDemoRepository({ directory: folder.path, name: 'fruit' });
});
afterAll(async () => {
  await git.close();
  await folder[Symbol.asyncDispose]();
});

function deps(): ActivityDeps {
  const made = depsWith(
    store(),
    scriptedSandbox(() => ({ code: 0 })),
  );
  const deleteImage = async ({ imageId }: { imageId: string }): Promise<void> => {
    if (imageId === 'im-stuck') throw new Error('no answer');
    deleted.push(imageId);
  };
  const vault = new CredentialVault({
    grants: {
      variables: CredentialGrants.parse(credentialVariables, `github:FRUIT_TOKEN@${new URL(git.url).host}`),
      modalSecrets: CredentialGrants.parse(modalSecrets, ''),
    },
    variables: new Map([['FRUIT_TOKEN', token]]),
    keys: SealingKeys.parse(generateSealingKey()),
  });
  return { ...made, vault, provider: { ...made.provider, deleteImage } };
}

async function begin(buildId: string, force = false): Promise<BegunBuild> {
  return beginBuild(deps(), { setId, force, buildId }, attemptNumber(1));
}

async function register(url = git.cloneUrl('fruit'), id = setId): Promise<void> {
  const isHere = url.startsWith(git.url);
  const credentials = isHere ? { github: { from: 'environment', variable: 'FRUIT_TOKEN' } } : {};
  const set = repositorySetSchema.parse({ setId: id, repositories: [{ url }], credentials });
  await store().repositorySets.save(set);
}

function moveHead(): void {
  const at = ['--git-dir', join(folder.path, 'fruit.git')];
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@b.c'];
  const run = (...args: string[]): string =>
    execFileSync('git', [...identity, ...at, ...args])
      .toString()
      .trim();
  run('update-ref', 'refs/heads/main', run('commit-tree', '-p', 'main', '-m', 'moved', 'main^{tree}'));
}

async function finish(number: number): Promise<void> {
  await store().repoImages.update({ setId, number }, { imageId: `im-${number}` });
  await store().repoImages.promote({ setId, number });
}

beforeEach(() => {
  deleted = [];
});

describe('a build', () => {
  test('begins once for each run of its workflow, and nothing begins when nothing has changed', async () => {
    await register();
    expect(await begin('run-1')).toMatchObject({ kind: 'begun', build: { number: 1 }, reason: 'first' });
    // The attempt before had died after it.
    expect(await begin('run-1')).toMatchObject({ kind: 'begun', build: { number: 1 } });
    await finish(1);
    expect(await begin('run-2')).toEqual({
      kind: 'kept',
      reason: 'nothing has changed since the current image was built',
    });
    expect(await begin('run-2', true)).toMatchObject({
      kind: 'begun',
      build: { number: 2 },
      reason: 'asked',
    });
  });

  test('begins when the head moved', async () => {
    await register();
    await begin('run-1');
    await finish(1);
    moveHead();
    expect(await begin('run-2')).toMatchObject({ kind: 'begun', build: { number: 2 }, reason: 'head' });
  });

  test('that failed before it had cloned is not tried again at once, but on request it is', async () => {
    await register();
    await begin('run-1');
    await store().repoImages.fail({ setId, number: 1 }, 'no room');
    expect(await begin('run-2')).toMatchObject({ kind: 'kept', reason: expect.stringContaining('failed') });
    expect(await begin('run-2', true)).toMatchObject({ kind: 'begun', reason: 'again' });
  });

  test('whose workflow was ended by force is over when the next one begins', async () => {
    await register();
    await begin('run-1');
    expect(await begin('run-2')).toMatchObject({ kind: 'begun', build: { number: 2 } });
    const [, first] = await store().repoImages.list(setId);
    expect(first).toMatchObject({ state: 'failed', failure: 'its workflow was ended by force' });
  });

  test('of a head that cannot be read keeps what there is, and says why; by force it is for its clone to say', async () => {
    await register('http://127.0.0.1:1/fruit.git');
    expect(await begin('run-1')).toMatchObject({
      kind: 'kept',
      reason: expect.stringContaining('127.0.0.1:1/fruit.git'),
    });
    expect(await begin('run-1', true)).toMatchObject({ kind: 'begun', build: { number: 1 } });
  });

  test('of a set that nobody registered fails with a sentence', async () => {
    await expect(begin('run-1')).rejects.toThrow(
      'no repository set "fruit" is registered: register it first',
    );
  });
});

describe('the look at all sets', () => {
  test('says of each what is to be done; one that cannot be read is in nobody’s way', async () => {
    await register();
    await register('http://127.0.0.1:1/nuts.git', 'nuts');
    const report = await checkHeads(deps(), attemptNumber(1));
    expect(report.builds).toEqual([{ setId: 'fruit', reason: 'first' }]);
    expect(report.kept).toMatchObject([{ setId: 'nuts', reason: expect.stringContaining('nuts.git') }]);
    expect(report.problems).toEqual([]);
  });

  test('deletes the images that nobody can need, and names those that stay for now', async () => {
    await register();
    for (const imageId of ['im-stuck', 'im-2', 'im-3', 'im-4']) {
      const begun = await begin(imageId, true);
      if (begun.kind !== 'begun') throw new TypeError('nothing began');
      await store().repoImages.update(begun.build, { imageId });
      await store().repoImages.promote(begun.build);
    }
    const first = await checkHeads(deps(), attemptNumber(1));
    expect(first.deletedImages).toEqual(['im-2']);
    expect(first.problems).toEqual(['image im-stuck could not be deleted: no answer']);
    expect(deleted).toEqual(['im-2']);
    expect((await checkHeads(deps(), attemptNumber(1))).deletedImages).toEqual([]);
  });
});
