import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startGitServer, type GitServer } from '../../src/dev/git-server/server.ts';
import { type CloneInput, cloneRepository, fetchRepository } from '../../src/git/clone.ts';
import { RepositoryUnavailable, startFailureOf } from '../../src/git/failures.ts';
import { makePlace, makeRemote, type Place, write } from './support/repositories.ts';

let place: Place;
let remote: string;
let server: GitServer;

beforeEach(async () => {
  place = await makePlace();
  const directory = join(place.path, 'server');
  await mkdir(directory);
  remote = join(directory, 'project.git');
  await place.git(directory, 'clone', '--quiet', '--bare', await makeRemote(place), remote);
  await place.git(directory, 'init', '--quiet', '--bare', 'empty.git');
  server = await startGitServer({ directory, token: 'secret' });
});
afterEach(async () => {
  await server.close();
  await place[Symbol.asyncDispose]();
});

async function input(changes: Partial<CloneInput> = {}): Promise<CloneInput> {
  const url = new URL(server.cloneUrl('project'));
  url.username = 'x';
  url.password = 'secret';
  const directory = join(await place.folder(), 'project');
  return {
    repository: 'project',
    url: url.href,
    branch: 'main',
    sessionBranch: 'harvest/s1',
    directory,
    ...changes,
  };
}

async function failureOf(attempt: Promise<unknown>): Promise<RepositoryUnavailable['failure']> {
  const error: unknown = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RepositoryUnavailable))
    throw new Error(`not the failure that was expected: ${String(error)}`);
  return error.failure;
}

describe('a clone', () => {
  test('stands on the session’s branch, made from the one it starts from', async () => {
    const clone = await input();
    const head = await cloneRepository(place.run, clone);
    const main = (await place.git(remote, 'rev-parse', 'main')).trim();
    expect(head).toEqual({ repository: 'project', branch: 'harvest/s1', head: main });
    expect(await place.git(clone.directory, 'log', '--oneline')).toMatch(/Say more\n.*Begin\n$/);
    const upstream = await place.run(['-C', clone.directory, 'rev-parse', '@{upstream}']);
    expect(upstream.exitCode).not.toBe(0);
  });

  test('goes on with the session’s branch when that was pushed before', async () => {
    const first = await input();
    await cloneRepository(place.run, first);
    await write(first.directory, 'new', 'x');
    await place.git(first.directory, 'add', '--all');
    await place.git(first.directory, 'commit', '--quiet', '-m', 'Work');
    await place.git(first.directory, 'push', '--quiet', 'origin', 'HEAD');
    const again = await cloneRepository(place.run, await input());
    expect(again.head).toBe((await place.git(first.directory, 'rev-parse', 'HEAD')).trim());
  });

  test('that is there already is brought up to date and left as it stands', async () => {
    const clone = await input();
    const before = await cloneRepository(place.run, clone);
    await write(clone.directory, 'new', 'x');
    const other = await input({ sessionBranch: 'main' });
    await cloneRepository(place.run, other);
    await place.git(other.directory, 'commit', '--quiet', '--allow-empty', '-m', 'Meanwhile');
    await place.git(other.directory, 'push', '--quiet', 'origin', 'main');
    expect(await fetchRepository(place.run, clone)).toEqual(before);
    expect(await place.git(clone.directory, 'log', '-1', '--format=%s', 'origin/main')).toBe('Meanwhile\n');
    expect(await place.git(clone.directory, 'status', '--porcelain')).toBe('?? new\n');
  });
});

describe('a repository that cannot be had', () => {
  test('because it does not exist', async () => {
    const url = (await input()).url.replace('project.git', 'missing.git');
    const failure = await failureOf(cloneRepository(place.run, await input({ url })));
    expect(failure).toEqual({
      kind: 'repository',
      message: `the repository ${url} does not exist, or the credential does not allow reading it`,
    });
  });

  test('because it has no such branch', async () => {
    const missing = await input({ branch: 'missing' });
    expect(await failureOf(cloneRepository(place.run, missing))).toEqual({
      kind: 'branch',
      message: `the repository ${missing.url} has no branch missing`,
    });
    const empty = await input({ url: (await input()).url.replace('project.git', 'empty.git') });
    expect(await failureOf(cloneRepository(place.run, empty))).toMatchObject({ kind: 'branch' });
  });

  test.each([
    ['no password', (url: string) => url.replace('x:secret@', '')],
    ['a wrong password', (url: string) => url.replace('secret', 'wrong')],
  ])('because of %s', async (_name, change) => {
    const wrong = await input({ url: change((await input()).url) });
    expect(await failureOf(cloneRepository(place.run, wrong))).toMatchObject({ kind: 'credential' });
  });

  test('because nobody answers, or the answer breaks off', async () => {
    server.faults.failNext(1, 503);
    expect(await failureOf(cloneRepository(place.run, await input()))).toMatchObject({ kind: 'network' });
    server.faults.cutNext(1, 200);
    expect(await failureOf(cloneRepository(place.run, await input()))).toMatchObject({ kind: 'network' });
    await server.close();
    expect(await failureOf(cloneRepository(place.run, await input()))).toMatchObject({ kind: 'network' });
    expect(
      await failureOf(cloneRepository(place.run, await input({ url: 'http://no-such-host.invalid/x' }))),
    ).toMatchObject({
      kind: 'network',
    });
  });

  test('for a reason that is not known is told in git’s words without any address', () => {
    const stderr = "warning: a\nfatal: something at 'http://127.0.0.1:1/ticket/0~/' went wrong\n";
    expect(startFailureOf({ url: 'https://example.org/a', branch: 'main' }, stderr)).toEqual({
      kind: 'internal',
      message: "git could not fetch https://example.org/a: fatal: something at '<url> went wrong",
    });
  });
});
