import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HeadUnreadable, remoteHead } from '../../src/activities/remote-head.ts';
import { createDemoRepository } from '../../src/dev/demo-repository/create.ts';
import { startGitServer } from '../../src/dev/git-server/server.ts';
import type { GitServer } from '../../src/dev/git-server/server.ts';
import { temporaryFolder } from '../store/temporary-folder.ts';

const token = 'head-token';
const signal = AbortSignal.timeout(60_000);
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let git: GitServer;

beforeAll(async () => {
  folder = await temporaryFolder();
  git = await startGitServer({ directory: folder.path, token });
  await createDemoRepository({ directory: folder.path, name: 'fruit' });
});
afterAll(async () => {
  await git.close();
  await folder[Symbol.asyncDispose]();
});

function here(...args: string[]): string {
  return execFileSync('git', ['--git-dir', join(folder.path, 'fruit.git'), ...args], {
    encoding: 'utf8',
  }).trim();
}

const ask = async (changes: Partial<Parameters<typeof remoteHead>[0]> = {}) =>
  remoteHead({ url: git.cloneUrl('fruit'), branch: 'main', token, ...changes }, signal);

test('the head of a branch is read in one request, with and without .git', async () => {
  const before = git.requests.length;
  expect(await ask()).toBe(here('rev-parse', 'main'));
  expect(git.requests.length - before).toBe(1);
});

test('a branch whose name begins with that of another one is told from it, and one that is not there is null', async () => {
  here('branch', 'main-2', here('commit-tree', '-m', 'other', 'main^{tree}'));
  expect(await ask({ branch: 'main-2' })).toBe(here('rev-parse', 'main-2'));
  expect(await ask()).toBe(here('rev-parse', 'main'));
  expect(await ask({ branch: 'nowhere' })).toBeNull();
});

test('a refused credential, a missing repository and a server that is away are unreadable, with a sentence and without the token', async () => {
  const wrong = 'wrong-canary';
  await expect(ask({ token: wrong })).rejects.toThrow(/401: the credential is missing, wrong or expired/);
  await expect(ask({ url: git.cloneUrl('nothing') })).rejects.toThrow(HeadUnreadable);
  await expect(ask({ url: 'http://127.0.0.1:1/fruit.git', token: wrong })).rejects.toThrow(
    /cannot be reached/,
  );
  await expect(ask({ token: wrong })).rejects.not.toThrow(wrong);
});

test.each([
  ['a page of a portal', '<html>Log in</html>'],
  ['an error of the protocol', '0014ERR not allowed\n'],
  ['an answer that was cut', '003f'],
  ['an endless answer', 'x'.repeat(2 * 1024 * 1024)],
])('%s is unreadable', async (_what, body) => {
  const server = createServer((request, response) => {
    request.resume();
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fruit.git`;
  await expect(ask({ url })).rejects.toThrow(HeadUnreadable);
  server.closeAllConnections();
  server.close();
});
