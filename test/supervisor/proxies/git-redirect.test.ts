/** Where the token goes when the session's server sends git elsewhere: nowhere else. */
import type http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GitProxy, startGitProxy } from '../../../src/supervisor/proxies/git-proxy.ts';
import { renamedPath } from '../../../src/supervisor/proxies/git-redirect.ts';
import { newTicket } from '../../../src/supervisor/proxies/ticket.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const token = 'ghp_canary-token-of-this-test';
const ticket = newTicket();
const advertisement = '/info/refs?service=git-upload-pack';

let home: Upstream;
let elsewhere: Upstream;
let proxy: GitProxy;
let answer: http.RequestListener;

beforeEach(async () => {
  home = await startUpstream((request, response) => answer(request.resume(), response));
  elsewhere = await startUpstream((request, response) => {
    request.resume();
    response.end('elsewhere');
  });
  proxy = await startGitProxy({
    repositories: [{ name: 'project', url: `${home.url}/project.git` }],
    token,
    ticket,
    pushRule: { refusalOf: async () => null, confirmed: () => undefined },
    onPush: () => undefined,
    onRefused: () => undefined,
  });
});
afterEach(async () => {
  await proxy.close();
  for (const upstream of [home, elsewhere]) await upstream.close();
});

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${proxy.url}/${ticket}/0~${path}`, { redirect: 'manual', ...init });
}

function redirectTo(location: () => string, status = 302): http.RequestListener {
  return (_request, response) => response.writeHead(status, { location: location() }).end();
}

test('the session’s server gets the token', async () => {
  answer = (_request, response) => response.end('home');
  expect(await (await ask(advertisement)).text()).toBe('home');
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  expect(home.seen[0]?.headers.authorization).toBe(`Basic ${basic}`);
});

describe('a redirect to another server is told, not followed', () => {
  const port = (): string => new URL(elsewhere.url).port;
  test.each<[string, () => string]>([
    ['by its address', () => `${elsewhere.url}/project.git${advertisement}`],
    ['without a scheme', () => `//127.0.0.1:${port()}/project.git${advertisement}`],
    ['with backslashes', () => `\\\\127.0.0.1:${port()}/project.git${advertisement}`],
    [
      'behind the name of the right one',
      () => `${home.url.replace('//', '//x:')}@127.0.0.1:${port()}/p${advertisement}`,
    ],
    ['by another name of this machine', () => `http://localhost:${port()}/project.git${advertisement}`],
  ])('%s', async (_how, location) => {
    answer = redirectTo(location);
    const response = await ask(advertisement);
    expect(response.status).toBe(302);
    expect([home.seen.length, elsewhere.seen.length]).toEqual([1, 0]);
    expect(JSON.stringify([...response.headers])).not.toContain(token);
  });

  test('after one on the same server', async () => {
    const onwards = [`/renamed.git${advertisement}`, `${elsewhere.url}/renamed.git${advertisement}`];
    answer = redirectTo(() => onwards.shift() ?? '/');
    const response = await ask(advertisement);
    expect(response.headers.get('location')).toContain(elsewhere.url);
    expect([home.seen.length, elsewhere.seen.length]).toEqual([2, 0]);
  });

  test.each([301, 302, 307, 308])('of a request with a body, by %d', async (status) => {
    answer = redirectTo(() => `${elsewhere.url}/project.git/git-upload-pack`, status);
    const response = await ask('/git-upload-pack', { method: 'POST', body: '0000' });
    expect(response.status).toBe(status);
    expect([home.seen.length, elsewhere.seen.length]).toEqual([1, 0]);
  });
});

test.each([
  ['https://github.com/acme/new.git/info/refs', '/acme/new.git'],
  ['/acme/new.git/info/refs', '/acme/new.git'],
  ['https://github.com:443/acme/new.git/info/refs', '/acme/new.git'],
  ['http://github.com/acme/new.git/info/refs', null],
  ['https://github.com:8443/acme/new.git/info/refs', null],
  ['https://github.com.attacker.example/acme/new.git/info/refs', null],
  ['https://github.com@attacker.example/acme/new.git/info/refs', null],
  ['//attacker.example/acme/new.git/info/refs', null],
  ['https://github.com/acme/new.git/settings', null],
  ['https://[', null],
])('a redirect of https://github.com to %s means the path %s', (location, path) => {
  const incoming = { statusCode: 301, headers: { location } } as http.IncomingMessage;
  expect(renamedPath(incoming, { origin: 'https://github.com', suffix: '/info/refs' })).toBe(path);
});
