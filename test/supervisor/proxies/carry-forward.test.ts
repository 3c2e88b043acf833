/** Safe-Carry-Forward on the wire: a session and others push to the same branches, with real git. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GitStand, startGitStand, succeed } from './support/git-stand.ts';
import { cloneOfOthers, type Others } from './support/others.ts';

const own = 'harvest/s1';
let stand: GitStand;
let clone: string;
let others: Others;

beforeEach(async () => {
  stand = await startGitStand();
  clone = await stand.cloneWithWork();
  others = await cloneOfOthers(stand);
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const agent = (...args: string[]): Promise<string> => succeed(stand.agent(clone, ...args));
const onServer = async (branch: string): Promise<string> =>
  (await stand.place.git(stand.bare, 'rev-parse', branch)).trim();
const isOnServer = async (commit: string, branch: string): Promise<boolean> =>
  (await stand.place.run(['-C', stand.bare, 'merge-base', '--is-ancestor', commit, branch])).exitCode === 0;

/** Pushes, is refused by the proxy with that sentence, and the server's branch is as it was. */
async function expectRefused(branch: string, args: string[], reason: string): Promise<void> {
  const before = await onServer(branch);
  const pushed = stand.pushRequests();
  const result = await stand.agent(clone, 'push', ...args);
  expect(result.stderr).toContain(reason);
  expect(result.exitCode).toBe(1);
  expect(stand.refused.at(-1)).toMatchObject({ ref: `refs/heads/${branch}` });
  expect([await onServer(branch), stand.pushRequests()]).toEqual([before, pushed]);
}

async function amend(): Promise<void> {
  await agent('commit', '--quiet', '--amend', '--allow-empty', '-m', 'Amended');
}

describe('its own branch', () => {
  test('is rewritten as long as only the session pushed to it, from whatever clone', async () => {
    await agent('push', '--quiet', 'origin', 'HEAD');
    for (const flag of ['--force', '--force-with-lease', '--quiet']) {
      await amend();
      await agent('push', flag, 'origin', '+HEAD:refs/heads/harvest/s1');
    }
    expect(await onServer(own)).toBe(await agent('rev-parse', 'HEAD'));
    expect(stand.refused).toEqual([]);
  });

  test.each([
    ['--force', ['--force', 'origin', 'HEAD']],
    ['a plus', ['origin', '+HEAD:refs/heads/harvest/s1']],
  ])('with a commit of others that was not fetched is not overwritten by %s', async (_name, args) => {
    await agent('push', '--quiet', 'origin', 'HEAD');
    const theirs = await others.commitOn(own);
    await amend();
    const said = `the server has ${theirs.slice(0, 10)} here, which this session did not push: fetch, rebase onto it`;
    await expectRefused(own, args, said);
  });

  test('with a commit of others that was fetched is not overwritten either, and carried forward it is pushed', async () => {
    await agent('push', '--quiet', 'origin', 'HEAD');
    const theirs = await others.commitOn(own);
    await agent('fetch', '--quiet', 'origin');
    await amend();
    await expectRefused(own, ['--force-with-lease', 'origin', 'HEAD'], 'fetch, rebase onto it');
    await agent('rebase', '--quiet', '--keep-empty', `origin/${own}`);
    await agent('push', '--quiet', 'origin', 'HEAD');
    expect(await isOnServer(theirs, own)).toBe(true);

    await amend();
    await agent('push', '--quiet', '--force', 'origin', 'HEAD');
    expect(await isOnServer(theirs, own)).toBe(true);
    await agent('reset', '--quiet', '--hard', `${theirs}^`);
    await agent('commit', '--quiet', '--allow-empty', '-m', 'Without theirs');
    const lost = `commits of others on this branch would be lost: rebase onto ${theirs.slice(0, 10)}`;
    await expectRefused(own, ['--force', 'origin', 'HEAD'], lost);
  });

  test('is protected though its author is forged to be the session’s', async () => {
    await agent('push', '--quiet', 'origin', 'HEAD');
    await others.git('config', 'user.name', 'Ada (Harvest)');
    const theirs = await others.commitOn(own);
    await agent('fetch', '--quiet', 'origin');
    await expectRefused(own, ['--force', 'origin', 'HEAD'], theirs.slice(0, 10));
  });

  test('is not won by pushing what others made once more', async () => {
    await agent('push', '--quiet', 'origin', 'HEAD');
    const first = await agent('rev-parse', 'HEAD');
    const theirs = await others.commitOn(own);
    await agent('fetch', '--quiet', 'origin');
    await agent('push', '--quiet', 'origin', `${theirs}:refs/heads/harvest/elsewhere`);
    await agent('push', '--quiet', 'origin', `${theirs}:refs/heads/harvest/s1`);
    const args = ['--force', 'origin', `${first}:refs/heads/harvest/s1`];
    await expectRefused(own, args, 'which this session did not push');
  });

  test('that was pushed before this proxy began is only carried forward', async () => {
    await succeed(stand.place.run(['-C', clone, 'push', '--quiet', stand.bare, 'HEAD:harvest/s1']));
    await agent('commit', '--quiet', '--allow-empty', '-m', 'More');
    await agent('push', '--quiet', 'origin', 'HEAD');
    await amend();
    await agent('push', '--quiet', '--force', 'origin', 'HEAD');
    await agent('reset', '--quiet', '--hard', 'HEAD~2');
    await expectRefused(own, ['--force', 'origin', 'HEAD'], 'commits of others on this branch would be lost');
  });
});

describe('another branch below harvest/', () => {
  const shared = 'harvest/shared';

  test('is made, carried forward also with commits of others, and never rewritten', async () => {
    await agent('push', '--quiet', 'origin', `HEAD:refs/heads/${shared}`);
    const theirs = await others.commitOn(shared);
    await agent('fetch', '--quiet', 'origin');
    await amend();
    const said = 'only harvest/s1 may be rewritten: fetch, rebase onto';
    await expectRefused(shared, ['--force', 'origin', `HEAD:refs/heads/${shared}`], said);
    await agent('reset', '--quiet', '--hard', `origin/${shared}`);
    await agent('commit', '--quiet', '--allow-empty', '-m', 'On top');
    await agent('push', '--quiet', 'origin', `HEAD:refs/heads/${shared}`);
    expect(await isOnServer(theirs, shared)).toBe(true);
  });

  test('is not carried forward by a commit that is not in the session’s repository', async () => {
    await agent('push', '--quiet', 'origin', `HEAD:refs/heads/${shared}`);
    await agent('commit', '--quiet', '--allow-empty', '-m', 'On top');
    stand.directory = others.directory;
    const said = `the commit is not in ${others.directory}: fetch and push from ${others.directory}`;
    await expectRefused(shared, ['origin', `HEAD:refs/heads/${shared}`], said);
  });

  test.each([
    ['a replaced commit', () => agent('replace', '--graft', 'HEAD', 'FETCH_HEAD')],
    [
      'a graft',
      async () => {
        const ids = await agent('rev-parse', 'HEAD', 'FETCH_HEAD');
        await writeFile(join(clone, '.git/info/grafts'), `${ids.replace('\n', ' ')}\n`);
      },
    ],
  ])('is not overwritten by the help of %s', async (_name, fake) => {
    await agent('push', '--quiet', 'origin', `HEAD:refs/heads/${shared}`);
    await others.commitOn(shared);
    await agent('fetch', '--quiet', 'origin', shared);
    await amend();
    await fake();
    const isBelieved = await stand.agent(clone, 'rev-list', 'HEAD');
    expect(isBelieved.stdout).toContain(await agent('rev-parse', 'FETCH_HEAD'));
    const said = 'only harvest/s1 may be rewritten';
    await expectRefused(shared, ['--force', 'origin', `HEAD:refs/heads/${shared}`], said);
  });
});

test('its own checkpoint is deleted, one of another session is not', async () => {
  const checkpoint = 'refs/heads/harvest/checkpoint-s1-1764000000';
  await agent('push', '--quiet', 'origin', `HEAD:${checkpoint}`);
  await agent('push', '--quiet', 'origin', `:${checkpoint}`);
  expect(stand.pushed.map(({ ref, after }) => [ref, /^0+$/.test(after)])).toEqual([
    [checkpoint, false],
    [checkpoint, true],
  ]);
  const theirs = 'harvest/checkpoint-s2-1764000000';
  await agent('push', '--quiet', 'origin', `HEAD:refs/heads/${theirs}`);
  await expectRefused(theirs, ['origin', `:${theirs}`], 'except its own checkpoints');
});

describe('when others push between what the session’s git saw and its own push', () => {
  /** Git runs it when it has seen the server's refs and has not sent anything yet. */
  async function othersPushFirst(branch: string): Promise<void> {
    const hook = join(clone, '.git/hooks/pre-push');
    const push = `git -C ${others.directory} push --quiet --force origin HEAD:refs/heads/${branch}`;
    await writeFile(
      hook,
      `#!/bin/sh\nexec env -i PATH="$PATH" HOME="$HOME" GIT_CONFIG_NOSYSTEM=1 ${push} >&2\n`,
    );
    await chmod(hook, 0o755);
    await succeed(others.git('fetch', '--quiet', 'origin', branch));
    await succeed(others.git('checkout', '--quiet', '--detach', 'FETCH_HEAD'));
    await succeed(others.git('commit', '--quiet', '--allow-empty', '-m', 'Just now'));
  }

  test.each([
    ['rewrites its own branch', own, ['--force', 'origin', 'HEAD:refs/heads/harvest/s1']],
    ['carries another branch forward', 'harvest/shared', ['origin', 'HEAD:refs/heads/harvest/shared']],
  ])('and it %s, the server keeps theirs', async (_name, branch, args) => {
    await agent('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
    if (branch === own) await amend();
    else await agent('commit', '--quiet', '--allow-empty', '-m', 'More');
    await othersPushFirst(branch);
    const theirs = await succeed(others.git('rev-parse', 'HEAD'));
    const result = await stand.agent(clone, 'push', ...args);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/remote rejected|failed to update ref|cannot lock ref/);
    expect(await onServer(branch)).toBe(theirs);
    // The proxy let it through: it was the server that compared.
    expect([stand.refused, stand.pushed.length]).toEqual([[], 1]);
  });
});
