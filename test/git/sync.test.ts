import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloneRepository } from '../../src/git/clone.ts';
import { syncBranch, type SyncInput, type SyncResult } from '../../src/git/sync.ts';
import { makePlace, makeRemote, type Place, viewOf, write, writeProgram } from './support/repositories.ts';

const now = new Date('2026-03-01T12:00:00Z');
const nowSeconds = now.getTime() / 1_000;
const sessionBranch = 'harvest/s1';
const checkpoint = `checkpoint-harvest/s1-${nowSeconds}`;

type Stand = AsyncDisposable & {
  place: Place;
  remote: string;
  directory: string;
  git: (...args: string[]) => Promise<string>;
  sync: (more?: Partial<SyncInput>) => Promise<SyncResult>;
  view: () => ReturnType<typeof viewOf>;
  /** Somebody else's commit on a branch of the remote; resolves to it. */
  others: (branch: string, files: Record<string, string>, from?: string) => Promise<string>;
  branches: () => Promise<string[]>;
};

/** A session's repository with one commit of its own, cloned as sessions are. */
async function makeStand(): Promise<Stand> {
  const place = await makePlace();
  const remote = await makeRemote(place);
  const directory = await place.folder();
  const clone = { repository: 'api', url: remote, branch: 'main', directory, sessionBranch };
  await cloneRepository(place.run, clone);
  const git = (...args: string[]): Promise<string> => place.git(directory, ...args);
  await write(directory, 'own.txt', 'own\n');
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'Own work');
  return {
    place,
    remote,
    directory,
    git,
    sync: (more = {}) =>
      syncBranch(place.run, { directory, url: remote, branch: 'main', sessionBranch, now, ...more }),
    view: () => viewOf(place, directory),
    branches: async () =>
      (await git('for-each-ref', '--format=%(refname:short)', 'refs/heads')).trim().split('\n'),
    others: async (branch, files, from = branch) => {
      const work = await place.folder();
      await place.git(work, 'clone', '--quiet', '--branch', from, remote, '.');
      for (const [path, content] of Object.entries(files)) await write(work, path, content);
      await place.git(work, 'add', '--all');
      await place.git(
        work,
        '-c',
        'user.name=Bob',
        'commit',
        '--quiet',
        '--author=Bob <bob@example.org>',
        '-m',
        'By Bob',
      );
      await place.git(work, 'push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`);
      return (await place.git(work, 'rev-parse', 'HEAD')).trim();
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

test('a branch that has everything is left alone, and so is its uncommitted work', async () => {
  await using stand = await makeStand();
  await write(stand.directory, 'half.txt', 'half\n');
  const before = await stand.view();
  expect(await stand.sync()).toEqual({ kind: 'clean', head: before.head });
  expect(await stand.view()).toEqual(before);
});

test('a clean tree is rebased without a snapshot, and its checkpoint is gone', async () => {
  await using stand = await makeStand();
  const theirs = await stand.others('main', { 'theirs.txt': 'theirs\n' });
  const { head } = await stand.view();
  const result = await stand.sync();
  const after = await stand.view();
  expect(result).toEqual({ kind: 'synced', from: head, to: after.head, rebased: 1, snapshot: false });
  expect(after.branch).toBe('refs/heads/harvest/s1');
  expect((await stand.git('rev-parse', 'HEAD^')).trim()).toBe(theirs);
  expect(await stand.git('log', '-1', '--format=%s')).toBe('Own work\n');
  expect(await stand.branches()).not.toContain(checkpoint);
});

test('uncommitted work of every kind is snapshot and rebased, and no hook stops it', async () => {
  await using stand = await makeStand();
  const { directory, git } = stand;
  await stand.others('main', { 'theirs.txt': 'theirs\n' });
  await writeProgram(directory, '.git/hooks/pre-commit', '#!/bin/sh\nexit 1\n');
  await write(directory, 'README.md', 'changed\n');
  await writeProgram(directory, 'bin/new tool', '#!/bin/sh\n');
  await write(directory, 'debug.log', 'ignored\n');
  await git('rm', '--quiet', 'src/app.js');
  await rm(join(directory, 'src/lib/deep.js'));
  const files = (await stand.view()).files;
  expect(await stand.sync()).toMatchObject({ kind: 'synced', rebased: 2, snapshot: true });
  const after = await stand.view();
  expect(after.files).toEqual(new Map([...files, ['theirs.txt', `file ${btoa('theirs\n')}`]]));
  expect(after.status).toBe('');
  expect(await git('log', '-1', '--format=%s')).toBe('wip: snapshot before sync\n');
  expect(await git('show', '--name-status', '--format=', 'HEAD')).toBe(
    'M\tREADME.md\nA\tbin/new tool\nD\tsrc/app.js\nD\tsrc/lib/deep.js\n',
  );
});

test('a conflict leaves branch, index and files as they were, names the files and keeps a checkpoint', async () => {
  await using stand = await makeStand();
  const { directory, git } = stand;
  await stand.others('main', { 'own.txt': 'not yours\n', 'größe.txt': 'theirs\n' });
  await write(directory, 'größe.txt', 'ours\n');
  await write(directory, 'README.md', 'staged\n');
  await git('add', 'README.md');
  await write(directory, 'README.md', 'and more\n');
  await write(directory, 'later.txt', 'not yet\n');
  await git('add', '--intent-to-add', 'later.txt');
  await writeProgram(directory, 'tool.sh', '#!/bin/sh\n');
  await git('rm', '--quiet', '--cached', 'src/app.js');
  const before = await stand.view();
  expect(await stand.sync()).toEqual({ kind: 'conflict', files: ['own.txt'], checkpoint });
  expect(await stand.view()).toEqual(before);
  expect(await git('show', `${checkpoint}:größe.txt`)).toBe('ours\n');
  expect(await git('status')).not.toContain('rebase');
});

test('a conflict of the uncommitted work itself is one, too', async () => {
  await using stand = await makeStand();
  await stand.others('main', { 'größe.txt': 'theirs\n' });
  await write(stand.directory, 'größe.txt', 'ours\n');
  const before = await stand.view();
  expect(await stand.sync()).toMatchObject({ kind: 'conflict', files: ['größe.txt'] });
  expect(await stand.view()).toEqual(before);
});

test('commits of others on the session’s remote branch stop it before anything is done', async () => {
  await using stand = await makeStand();
  await stand.git('push', '--quiet', 'origin', sessionBranch);
  const foreign = await stand.others(sessionBranch, { 'bob.txt': 'bob\n' });
  await stand.others('main', { 'theirs.txt': 'theirs\n' });
  await write(stand.directory, 'half.txt', 'half\n');
  const before = await stand.view();
  const commits = [{ commit: foreign, author: 'Bob <bob@example.org>', subject: 'By Bob' }];
  expect(await stand.sync()).toEqual({ kind: 'foreign', commits });
  expect(await stand.view()).toEqual(before);
  expect(await stand.branches()).toEqual([sessionBranch, 'main']);
});

test('what was amended after a push is the session’s own', async () => {
  await using stand = await makeStand();
  await stand.git('push', '--quiet', 'origin', sessionBranch);
  await stand.git('commit', '--quiet', '--amend', '-m', 'Own work, better said');
  await stand.others('main', { 'theirs.txt': 'theirs\n' });
  expect(await stand.sync()).toMatchObject({ kind: 'synced', rebased: 1 });
});

test('a remote branch that is gone is said; the session’s own may be', async () => {
  await using stand = await makeStand();
  await stand.git('push', '--quiet', 'origin', sessionBranch);
  await stand.others('main', { 'theirs.txt': 'theirs\n' });
  await stand.place.git(stand.remote, 'update-ref', '-d', `refs/heads/${sessionBranch}`);
  expect(await stand.sync()).toMatchObject({ kind: 'synced' });
  await stand.place.git(stand.remote, 'update-ref', '-d', 'refs/heads/main');
  expect(await stand.sync()).toEqual({
    kind: 'refused',
    sentence: 'The remote has no branch main any more.',
  });
});

test('a branch that was rewritten on the remote is not rebased onto, however often it is tried', async () => {
  await using stand = await makeStand();
  const rewritten = await stand.place.folder();
  await stand.place.git(rewritten, 'clone', '--quiet', stand.remote, '.');
  await stand.place.git(rewritten, 'commit', '--quiet', '--amend', '-m', 'Say it differently');
  await stand.place.git(rewritten, 'push', '--quiet', '--force', 'origin', 'main');
  const before = await stand.view();
  for (let times = 0; times < 2; times += 1)
    expect(await stand.sync()).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('rewritten'),
    });
  expect(await stand.view()).toEqual(before);
});

test('an ignored file that a commit brings is not overwritten', async () => {
  await using stand = await makeStand();
  await stand.others('main', { 'x.log': 'theirs\n', '.gitignore': 'node_modules/\n' });
  await write(stand.directory, 'x.log', 'mine\n');
  const before = await stand.view();
  expect(await stand.sync()).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('x.log') });
  expect(await stand.view()).toEqual(before);
});

test('a rebase in progress is left alone', async () => {
  await using stand = await makeStand();
  await stand.others('main', { 'own.txt': 'not yours\n' });
  await stand.git('fetch', '--quiet');
  await stand.git('rebase', 'origin/main').catch(() => undefined);
  const status = await stand.git('status');
  expect(await stand.sync()).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('rebase') });
  expect(await stand.git('status')).toBe(status);
  expect(status).toContain('rebase in progress');
});

test('a detached HEAD, another branch and a branch without a commit are refused', async () => {
  await using stand = await makeStand();
  const sentence = async (): Promise<string> => {
    const result = await stand.sync();
    return result.kind === 'refused' ? result.sentence : result.kind;
  };
  await stand.git('checkout', '--quiet', '--detach');
  expect(await sentence()).toContain('No branch is checked out');
  await stand.git('checkout', '--quiet', 'main');
  expect(await sentence()).toContain('The branch main is checked out');
  await stand.git('symbolic-ref', 'HEAD', `refs/heads/${sessionBranch}`);
  await stand.git('update-ref', '-d', `refs/heads/${sessionBranch}`);
  expect(await sentence()).toContain('no commit yet');
});

test('a remote that cannot be had is said in words', async () => {
  await using stand = await makeStand();
  await rm(stand.remote, { recursive: true });
  const sentence = expect.stringContaining('does not exist');
  expect(await stand.sync()).toMatchObject({ kind: 'refused', sentence });
});

test('checkpoints older than a week are pruned, whoever made them', async () => {
  await using stand = await makeStand();
  const daysAgo = (days: number): string => String(nowSeconds - days * 86_400);
  const names = [`checkpoint-harvest/s1-${daysAgo(8)}`, `checkpoint-main-${daysAgo(9)}`];
  const kept = [`checkpoint-main-${daysAgo(6)}`, 'checkpoint-idea', 'other-1000000000'];
  for (const name of [...names, ...kept]) await stand.git('branch', name);
  await stand.sync();
  expect(await stand.branches()).toEqual([...kept, sessionBranch, 'main'].sort());
});
