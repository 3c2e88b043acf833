import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  GithubCredentialRefused,
  GithubRateLimited,
  GithubRefused,
  GithubRepositoryOutOfReach,
  GithubUnavailable,
} from '../../src/github/errors.ts';
import {
  app,
  failureOf,
  leakedBy,
  library,
  lookupLine,
  pkcs8,
  quick,
  startedStand,
  tokenLine,
  tokensOf,
} from './support/place.ts';

const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const ask = { repositories: [app] };
const serverError = {
  status: 502,
  body: '<html>Bad gateway</html>',
  headers: { 'content-type': 'text/html' },
};

test('the key of another app is refused', async () => {
  await using stand = await startedStand();
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const tokens = tokensOf(stand, {
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  });
  const error = await failureOf(tokens.tokenFor({ ...ask, signal: signal() }));
  expect(error).toBeInstanceOf(GithubCredentialRefused);
  expect(error.message).toBe('GitHub refused the GitHub App 4711: A JSON web token could not be decoded');
  expect(stand.requests).toHaveLength(1);
});

test('an app that does not exist is a refused credential, not a repository out of reach', async () => {
  await using stand = await startedStand();
  const error = await failureOf(tokensOf(stand, { appId: 12 }).tokenFor({ ...ask, signal: signal() }));
  expect(error).toBeInstanceOf(GithubCredentialRefused);
});

test('a suspended installation is a refused credential, and good again once it is lifted', async () => {
  await using stand = await startedStand();
  const [installation] = stand.installations;
  if (installation === undefined) throw new Error('the stand has no installation');
  installation.suspended = true;
  const tokens = tokensOf(stand);
  const error = await failureOf(tokens.tokenFor({ ...ask, signal: signal() }));
  expect(error).toBeInstanceOf(GithubCredentialRefused);
  expect(error.message).toMatch(/suspended/);
  installation.suspended = false;
  const { token } = await tokens.tokenFor({ ...ask, signal: signal() });
  expect(stand.reachOf(token)).toEqual(['acme/app']);
});

test('a repository without the app is named, also when it is one of several', async () => {
  await using stand = await startedStand();
  const secret = { owner: 'acme', name: 'secret' };
  for (const repositories of [[secret], [app, library, secret]]) {
    const error = await failureOf(tokensOf(stand).tokenFor({ repositories, signal: signal() }));
    expect(error).toBeInstanceOf(GithubRepositoryOutOfReach);
    expect((error as GithubRepositoryOutOfReach).repository).toEqual(secret);
    expect(error.message).toBe(
      'the repository acme/secret does not exist, or the GitHub App 4711 is not installed on it: Not Found',
    );
  }
});

test('permissions that the installation did not grant are refused in the words of GitHub', async () => {
  await using stand = await startedStand();
  stand.installations[0] = {
    id: 7,
    owner: 'acme',
    repositories: ['app'],
    permissions: { contents: 'read', metadata: 'read' },
  };
  const error = await failureOf(tokensOf(stand).tokenFor({ ...ask, signal: signal() }));
  expect(error).toBeInstanceOf(GithubRefused);
  expect(error.message).toMatch(/The permissions requested are not granted to this installation/);
});

test('server errors and cut connections are repeated, and not for ever', async () => {
  await using stand = await startedStand();
  stand.inject({ on: tokenLine, times: 2, answer: serverError });
  stand.inject({ on: lookupLine, times: 1, loseAnswer: true });
  const tokens = tokensOf(stand);
  const { token } = await tokens.tokenFor({ ...ask, signal: signal() });
  expect(stand.reachOf(token)).toEqual(['acme/app']);

  stand.inject({ on: lookupLine, times: 99, answer: serverError });
  const before = stand.requests.length;
  const error = await failureOf(tokens.tokenFor({ repositories: [library], signal: signal() }));
  expect(error).toBeInstanceOf(GithubUnavailable);
  expect(error.message).toBe('GitHub answered with the error 502');
  expect(stand.requests.length - before).toBe(4);
});

test('a failure is not kept: the next one asks again', async () => {
  await using stand = await startedStand();
  stand.inject({ on: lookupLine, times: 4, answer: serverError });
  const tokens = tokensOf(stand);
  expect(await failureOf(tokens.tokenFor({ ...ask, signal: signal() }))).toBeInstanceOf(GithubUnavailable);
  const { token } = await tokens.tokenFor({ ...ask, signal: signal() });
  expect(stand.reachOf(token)).toEqual(['acme/app']);
});

test('who does not listen, and who does not answer, is unavailable', async () => {
  const away = await startedStand();
  const tokens = tokensOf(away);
  await away.stop();
  const refused = await failureOf(tokens.tokenFor({ ...ask, signal: signal() }));
  expect(refused).toBeInstanceOf(GithubUnavailable);
  expect(refused.message).toMatch(/ECONNREFUSED/);

  await using slow = await startedStand();
  slow.inject({ on: lookupLine, times: 99, delayMs: 60_000 });
  const limits = { ...quick, attempts: 2, answerMs: 100 };
  const late = await failureOf(tokensOf(slow, { limits }).tokenFor({ ...ask, signal: signal() }));
  expect(late).toBeInstanceOf(GithubUnavailable);
  expect(late.message).toMatch(/took too long/);
  expect(slow.count(lookupLine)).toBe(2);
});

test('an answer that is not of the API is unavailable, and nothing of it is repeated', async () => {
  await using stand = await startedStand();
  stand.inject({ on: tokenLine, times: 99, answerRaw: '{"token":"ghs_canarycanarycanary","expires_at":7}' });
  const error = await failureOf(tokensOf(stand).tokenFor({ ...ask, signal: signal() }));
  expect(error).toBeInstanceOf(GithubUnavailable);
  expect(leakedBy(error, 'ghs_canarycanarycanary')).toEqual([]);
});

test('a secondary rate limit is waited for as long as GitHub says', async () => {
  await using stand = await startedStand();
  const body = { message: 'You have exceeded a secondary rate limit.' };
  stand.inject({ on: tokenLine, answer: { status: 403, headers: { 'retry-after': '1' }, body } });
  const arrivals: number[] = [];
  const noting: typeof fetch = (input, init) => {
    if (init?.method === 'POST') arrivals.push(performance.now());
    return fetch(input, init);
  };
  const { token } = await tokensOf(stand, { fetch: noting }).tokenFor({ ...ask, signal: signal() });
  expect(stand.reachOf(token)).toEqual(['acme/app']);
  const [first = 0, second = 0] = arrivals;
  expect(second - first).toBeGreaterThanOrEqual(990);
});

const secondary = 'You have exceeded a secondary rate limit.';

test.each([
  { message: secondary, status: 403, headers: { 'retry-after': '120' }, seconds: 120 },
  { message: secondary, status: 403, headers: {}, seconds: 60 },
  { message: 'Too many requests', status: 429, headers: {}, seconds: 60 },
])('a rate limit ($status) with a pause of $seconds s tells when it ends', async (limit) => {
  const { status, headers, message, seconds } = limit;
  await using stand = await startedStand();
  stand.inject({ on: lookupLine, times: 99, answer: { status, headers, body: { message } } });
  const now = (): number => Date.UTC(2030, 0, 1);
  const error = await failureOf(tokensOf(stand, { now }).tokenFor({ ...ask, signal: signal() }));
  expect(error).toBeInstanceOf(GithubRateLimited);
  expect((error as GithubRateLimited).retryAt).toBe(new Date(now() + seconds * 1_000).toISOString());
  expect(stand.requests).toHaveLength(1);
});

test('the end of the primary rate limit is read by the clock of GitHub', async () => {
  await using stand = await startedStand();
  const reset = String(Math.floor(Date.now() / 1_000) + 1_800);
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
  const body = { message: 'API rate limit exceeded for installation ID 7.' };
  stand.inject({ on: lookupLine, answer: { status: 403, headers, body } });
  const error = await failureOf(tokensOf(stand).tokenFor({ ...ask, signal: signal() }));
  expect(error).toBeInstanceOf(GithubRateLimited);
  const waitMs = Date.parse((error as GithubRateLimited).retryAt) - Date.now();
  expect(Math.abs(waitMs - 1_800_000)).toBeLessThan(10_000);
});

const answers = [400, 401, 403, 404, 422, 429, 500].flatMap((status) => [
  { status, padding: 0 },
  // The credential stands where the sentence is cut.
  { status, padding: 240 },
]);

test.each(answers)(
  'no error of an answer $status holds the key or the credential made of it, whatever is echoed after $padding words',
  async (answer) => {
    await using stand = await startedStand();
    stand.inject({ on: lookupLine, times: 99, ...answer, echo: pkcs8 });
    const error = await failureOf(tokensOf(stand).tokenFor({ ...ask, signal: signal() }));
    const jwt = stand.requests[0]?.authorization.replace(/^\S+ /, '') ?? '';
    expect(jwt.split('.')).toHaveLength(3);
    expect(leakedBy(error, jwt)).toEqual([]);
    expect(pkcs8.split('\n').flatMap((line) => leakedBy(error, line))).toEqual([]);
  },
);
