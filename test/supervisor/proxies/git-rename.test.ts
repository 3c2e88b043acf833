import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gitEnvironment } from '../../../src/git/environment.ts';
import { type Pushed, startGitProxy } from '../../../src/supervisor/proxies/git-proxy.ts';
import { type GitStand, startGitStand, succeed, token } from './support/git-stand.ts';

let stand: GitStand;
/** Knows the repository `old.git` by a new name, and passes everything else on to the git server. */
let renaming: http.Server;
let movedTo: (path: string) => string;

beforeEach(async () => {
  stand = await startGitStand();
  movedTo = (path) => path;
  const { hostname, port } = new URL(stand.server.url);
  renaming = http.createServer((request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/old.git/') && request.method === 'GET') {
      response.writeHead(301, { location: movedTo(path.replace('old.git', 'project.git')) }).end();
      return;
    }
    const { method, headers } = request;
    const onwards = http.request({ hostname, port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onwards);
  });
  renaming.listen(0, '127.0.0.1');
  await once(renaming, 'listening');
});
afterEach(async () => {
  renaming.close();
  renaming.closeAllConnections();
  await stand[Symbol.asyncDispose]();
});

async function workOnOldName(): Promise<{ pushed: Pushed[]; stderr: string }> {
  const url = `http://127.0.0.1:${(renaming.address() as AddressInfo).port}/old.git`;
  const pushed: Pushed[] = [];
  const proxy = await startGitProxy({
    repositories: [{ name: 'project', url }],
    token,
    ticket: stand.ticket,
    pushRule: { refusalOf: async () => null, confirmed: () => undefined },
    onPush: (push) => pushed.push(push),
    onRefused: () => undefined,
  });
  const user = { name: 'Ada', email: 'ada@example.org' };
  const env = gitEnvironment({ user, insteadOf: proxy.insteadOf });
  const clone = join(await stand.place.folder(), 'project');
  try {
    const cloned = await stand.place.run(['clone', '--quiet', url, clone], { env });
    if (cloned.exitCode !== 0) return { pushed, stderr: cloned.stderr };
    await succeed(
      stand.place.run(['-C', clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/harvest/s1'], { env }),
    );
    return { pushed, stderr: '' };
  } finally {
    await proxy.close();
  }
}

test('a repository that was renamed on its server is cloned and pushed under its old name', async () => {
  const { pushed } = await workOnOldName();
  expect(pushed.map(({ ref }) => ref)).toEqual(['refs/heads/harvest/s1']);
});

test('a redirect to another server is not followed with the token', async () => {
  movedTo = (path) => `${stand.server.url}${path}`;
  const { stderr } = await workOnOldName();
  expect(stderr).toMatch(/could not read Username/);
  expect(stand.server.requests.every((request) => !request.authenticated)).toBe(true);
});
