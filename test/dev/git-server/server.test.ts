import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { startGitServer } from '../../../src/dev/git-server/server.ts';
import { git, gitProcess, startServer, token, type TestServer } from './git.ts';

/** A clone with one commit, not yet pushed. */
async function cloneWithCommit(host: TestServer): Promise<string> {
  await git(host.work, 'clone', '--quiet', host.urlWith('project', token), 'clone');
  const clone = join(host.work, 'clone');
  await writeFile(join(clone, 'file.txt'), 'one\n');
  await git(clone, 'add', '.');
  await git(clone, 'commit', '--quiet', '-m', 'One');
  return clone;
}

test('with the password, whatever the user name, a clone and a push work', async () => {
  await using host = await startServer();
  const clone = await cloneWithCommit(host);
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  await git(host.work, 'clone', '--quiet', host.urlWith('project', token), 'second');
  expect(await readFile(join(host.work, 'second', 'file.txt'), 'utf8')).toBe('one\n');
  expect(await git(join(host.directory, 'project.git'), 'log', '--format=%s', 'main')).toBe('One');
  const { requests } = host.server;
  expect(requests.filter((request) => request.operation === 'push' && request.authenticated)).toMatchObject([
    { repository: 'project', advertisement: true, status: 200 },
    { repository: 'project', advertisement: false, status: 200 },
  ]);
});

test.for([token.slice(1), 'wrong', `${token}x`])(
  'with the password "%s" nothing is served',
  async (password) => {
    await using host = await startServer();
    await expect(git(host.work, 'clone', host.urlWith('project', password), 'clone')).rejects.toThrow(
      'Authentication failed',
    );
    expect(host.server.requests.map(({ status }) => status)).toEqual([401, 401]);
  },
);

test('without credentials a clone asks for them, and a push is refused', async () => {
  await using host = await startServer();
  const clone = await cloneWithCommit(host);
  await expect(git(host.work, 'clone', host.server.cloneUrl('project'), 'other')).rejects.toThrow(
    'could not read Username',
  );
  await expect(git(clone, 'push', host.server.cloneUrl('project'), 'HEAD:main')).rejects.toThrow(
    'could not read Username',
  );
  const response = await fetch(`${host.server.cloneUrl('project')}/info/refs?service=git-upload-pack`);
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
  expect(host.server.requests.at(-1)).toEqual({
    repository: 'project',
    operation: 'fetch',
    advertisement: true,
    authenticated: false,
    status: 401,
  });
  expect(await readdir(join(host.directory, 'project.git', 'refs', 'heads'))).toEqual([]);
});

test('an unknown repository is 404, with the password only', async () => {
  await using host = await startServer();
  await expect(git(host.work, 'clone', host.urlWith('nothing', token), 'clone')).rejects.toThrow('not found');
  expect(host.server.requests.map(({ status }) => status)).toEqual([401, 404]);
});

test.for([
  '/',
  '/project.git/HEAD',
  '/project.git/objects/info/packs',
  '/project.git/info/refs',
  '/project.git/info/refs?service=git-upload-archive',
  '/project.git/git-upload-pack',
  '/..%2f..%2fetc.git/info/refs?service=git-upload-pack',
  '/a//b.git/info/refs?service=git-upload-pack',
  '/.hidden.git/info/refs?service=git-upload-pack',
])('%s is not served', async (path) => {
  await using host = await startServer();
  const authorization = `Basic ${btoa(`x:${token}`)}`;
  const response = await fetch(`${host.server.url}${path}`, { headers: { authorization } });
  expect(response.status).toBe(404);
});

test('a repository may have an owner in its path, and a name that is none has no URL', async () => {
  await using host = await startServer();
  await git(host.directory, 'init', '--quiet', '--bare', '--initial-branch=main', 'owner/name.git');
  expect(await git(host.work, 'ls-remote', host.urlWith('owner/name', token))).toBe('');
  expect(host.server.requests.at(-1)).toMatchObject({ repository: 'owner/name', status: 200 });
  expect(() => host.server.cloneUrl('../name')).toThrow(RangeError);
});

test('a push too large for one buffer comes in chunks and arrives whole', async () => {
  await using host = await startServer();
  const clone = await cloneWithCommit(host);
  const content = randomBytes(3 * 1024 * 1024);
  await writeFile(join(clone, 'large.bin'), content);
  await git(clone, 'add', '.');
  await git(clone, 'commit', '--quiet', '-m', 'Large');
  await git(clone, '-c', 'http.postBuffer=65536', 'push', '--quiet', 'origin', 'HEAD:main');
  await git(host.work, 'clone', '--quiet', host.urlWith('project', token), 'second');
  expect(content.equals(await readFile(join(host.work, 'second', 'large.bin')))).toBe(true);
});

test('a compressed request is understood', async () => {
  await using host = await startServer();
  const clone = await cloneWithCommit(host);
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  const head = await git(clone, 'rev-parse', 'HEAD');
  const lines = [`want ${head} no-progress\n`, '', 'done\n'];
  const body = lines.map((line) => (line === '' ? '0000' : `${packetLength(line)}${line}`)).join('');
  const answer = await post(`${host.server.cloneUrl('project')}/git-upload-pack`, gzipSync(body));
  expect(answer.status).toBe(200);
  expect(answer.body.subarray(0, 12).toString()).toBe('0008NAK\nPACK');
});

test('a push through a failing server leaves nothing, and works when the fault is over', async () => {
  await using host = await startServer();
  const clone = await cloneWithCommit(host);
  host.server.faults.failNext(1);
  await expect(git(clone, 'push', 'origin', 'HEAD:main')).rejects.toThrow('500');
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  host.server.faults.failNext(1, 503);
  await expect(git(clone, 'fetch', 'origin')).rejects.toThrow('503');
});

test('a connection cut in mid-answer fails the clone, the next one works', async () => {
  await using host = await startServer();
  const clone = await cloneWithCommit(host);
  await writeFile(join(clone, 'large.bin'), randomBytes(1024 * 1024));
  await git(clone, 'add', '.');
  await git(clone, 'commit', '--quiet', '-m', 'Large');
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  const url = host.urlWith('project', token);
  for (const bytes of [0, 20]) {
    host.server.faults.cutNext(1, bytes);
    await expect(git(host.work, 'ls-remote', url)).rejects.toThrow('fatal');
  }
  await git(host.work, 'clone', '--quiet', url, 'second');
});

test('closing in the middle of a delayed request ends it, and no git process stays', async () => {
  await using host = await startServer();
  host.server.faults.delayMs = 200;
  const client = gitProcess(host.work, 'ls-remote', host.urlWith('project', token));
  const exited = once(client, 'exit');
  await expect.poll(() => host.server.requests.length).toBeGreaterThan(0);
  await host.server.close();
  const [code] = (await exited) as [number];
  expect(code).not.toBe(0);
  expect(await backendsOf(host.directory)).toEqual([]);
});

test('a client killed in mid-push leaves no git process and no branch', async () => {
  await using host = await startServer();
  // A push whose body never ends.
  const call = request(`${host.server.cloneUrl('project')}/git-receive-pack`, {
    method: 'POST',
    auth: `x:${token}`,
    headers: { 'content-type': 'application/x-git-receive-pack-request' },
  });
  call.on('error', () => {});
  call.write('0094');
  await expect.poll(async () => backendsOf(host.directory)).not.toEqual([]);
  call.destroy();
  await expect.poll(async () => backendsOf(host.directory)).toEqual([]);
  expect(await readdir(join(host.directory, 'project.git', 'refs', 'heads'))).toEqual([]);
});

test('a taken port is an error', async () => {
  await using host = await startServer();
  const port = Number(new URL(host.server.url).port);
  await expect(startGitServer({ directory: host.directory, token, port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

function packetLength(line: string): string {
  return (line.length + 4).toString(16).padStart(4, '0');
}

async function post(url: string, body: Buffer): Promise<{ status: number | undefined; body: Buffer }> {
  const call = request(url, {
    method: 'POST',
    auth: `x:${token}`,
    headers: { 'content-type': 'application/x-git-upload-pack-request', 'content-encoding': 'gzip' },
  });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, body: Buffer.concat(chunks) };
}

/** Processes that serve this directory: its path stands in their environment. */
async function backendsOf(directory: string): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    processes.map(async (name) => readFile(`/proc/${name}/environ`, 'utf8').catch(() => '')),
  );
  return processes.filter((_, index) => environments[index]?.includes(`GIT_PROJECT_ROOT=${directory}`));
}
