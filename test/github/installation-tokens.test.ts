import { expect, test } from 'vitest';
import { GithubRefused } from '../../src/github/errors.ts';
import {
  app,
  documents,
  failureOf,
  library,
  lookupLine,
  quick,
  startedStand,
  tokenLine,
  tokensOf,
} from './support/place.ts';

const minute = 60_000;
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

test('a token reaches exactly the repositories it is asked for, with the permissions of a session', async () => {
  await using stand = await startedStand();
  const tokens = tokensOf(stand);
  const { token, expiresAt } = await tokens.tokenFor({ repositories: [library, app], signal: signal() });
  expect(stand.reachOf(token)).toEqual(['acme/app', 'acme/library']);
  expect(stand.requests.find(({ line }) => tokenLine.test(line))?.body).toEqual({
    repositories: ['app', 'library'],
    permissions: { contents: 'write', pull_requests: 'write', metadata: 'read' },
  });
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 58 * minute);
});

test('twenty who ask at once share one request and one token', async () => {
  await using stand = await startedStand();
  stand.inject({ on: tokenLine, delayMs: 50 });
  const tokens = tokensOf(stand);
  const asked = Array.from({ length: 20 }, () => tokens.tokenFor({ repositories: [app], signal: signal() }));
  const given = await Promise.all(asked);
  expect(new Set(given.map(({ token }) => token)).size).toBe(1);
  expect([stand.count(lookupLine), stand.count(tokenLine)]).toEqual([1, 1]);
});

test('a set of repositories is the same in any order, any case, and with repetitions', async () => {
  await using stand = await startedStand();
  const tokens = tokensOf(stand);
  const one = await tokens.tokenFor({ repositories: [app, library], signal: signal() });
  const loud = { owner: 'ACME', name: 'App' };
  expect(await tokens.tokenFor({ repositories: [library, loud, app], signal: signal() })).toEqual(one);
  expect(stand.count(tokenLine)).toBe(1);
});

test('another set has another token, asked for beside the first', async () => {
  await using stand = await startedStand();
  const tokens = tokensOf(stand);
  const sets = [[app], [library], [app, library], [documents]];
  const given = await Promise.all(
    sets.map((repositories) => tokens.tokenFor({ repositories, signal: signal() })),
  );
  expect(given.map(({ token }) => stand.reachOf(token))).toEqual([
    ['acme/app'],
    ['acme/library'],
    ['acme/app', 'acme/library'],
    ['acme/documents'],
  ]);
});

test('a token is kept until ten minutes before its end, then replaced', async () => {
  await using stand = await startedStand();
  const started = Date.now();
  let passedMs = 0;
  const tokens = tokensOf(stand, { now: () => started + passedMs });
  const ask = () => tokens.tokenFor({ repositories: [app], signal: signal() });
  const first = await ask();
  passedMs = 49 * minute;
  expect(await ask()).toEqual(first);
  passedMs = 50 * minute + 1_500;
  const second = await ask();
  expect(second.token).not.toBe(first.token);
  expect(await ask()).toEqual(second);
  expect(stand.count(tokenLine)).toBe(2);
});

test('a token that lives less than ten minutes is given out, and never twice', async () => {
  await using stand = await startedStand();
  stand.tokenLifeMs = 5 * minute;
  const tokens = tokensOf(stand);
  const first = await tokens.tokenFor({ repositories: [app], signal: signal() });
  const second = await tokens.tokenFor({ repositories: [app], signal: signal() });
  expect(second.token).not.toBe(first.token);
});

test('a token that GitHub did not take is replaced, and a newer one is not', async () => {
  await using stand = await startedStand();
  const tokens = tokensOf(stand);
  const first = await tokens.tokenFor({ repositories: [app], signal: signal() });
  const again = { repositories: [app], refusedToken: first.token };
  const second = await tokens.tokenFor({ ...again, signal: signal() });
  expect(second.token).not.toBe(first.token);
  expect(await tokens.tokenFor({ ...again, signal: signal() })).toEqual(second);
});

test.each([
  ['behind', -5 * minute],
  ['ahead', 15 * minute],
])(
  'a clock of GitHub that is %s changes neither the credential nor when a token is replaced',
  async (_, offsetMs) => {
    await using stand = await startedStand();
    stand.clockOffsetMs = offsetMs;
    const started = Date.now();
    let passedMs = 0;
    const tokens = tokensOf(stand, { now: () => started + passedMs });
    const ask = () => tokens.tokenFor({ repositories: [app], signal: signal() });
    const first = await ask();
    passedMs = 49 * minute;
    expect(await ask()).toEqual(first);
    passedMs = 50 * minute + 1_500;
    expect((await ask()).token).not.toBe(first.token);
  },
);

test('who leaves does not end the request of the others', async () => {
  await using stand = await startedStand();
  stand.inject({ on: tokenLine, delayMs: 100 });
  const tokens = tokensOf(stand);
  const leaver = new AbortController();
  const left = failureOf(tokens.tokenFor({ repositories: [app], signal: leaver.signal }));
  const stays = tokens.tokenFor({ repositories: [app], signal: signal() });
  const reason = new Error('the session ended');
  leaver.abort(reason);
  expect(await left).toBe(reason);
  expect(stand.reachOf((await stays).token)).toEqual(['acme/app']);
  expect(stand.count(tokenLine)).toBe(1);
});

test('when the last has left the request ends, and the next one begins anew', async () => {
  await using stand = await startedStand();
  stand.inject({ on: tokenLine, delayMs: 60_000 });
  const tokens = tokensOf(stand, { limits: { ...quick, answerMs: 600_000 } });
  const leaver = new AbortController();
  const left = failureOf(tokens.tokenFor({ repositories: [app], signal: leaver.signal }));
  await expect.poll(() => stand.count(tokenLine)).toBe(1);
  leaver.abort(new Error('the session ended'));
  expect((await left).message).toBe('the session ended');
  await expect.poll(() => stand.abandoned).toBe(1);
  const { token } = await tokens.tokenFor({ repositories: [app], signal: signal() });
  expect(stand.reachOf(token)).toEqual(['acme/app']);
  expect(stand.count(tokenLine)).toBe(2);
});

test('repositories of two owners, and none at all, are refused before GitHub is asked', async () => {
  await using stand = await startedStand();
  const tokens = tokensOf(stand);
  const other = { owner: 'umbrella', name: 'site' };
  const two = await failureOf(tokens.tokenFor({ repositories: [other, app], signal: signal() }));
  expect(two).toBeInstanceOf(GithubRefused);
  expect(two.message).toBe(
    'one installation token cannot reach acme/app and umbrella/site: their owners have an installation each',
  );
  // GitHub would take an empty list for every repository of the installation.
  const none = await failureOf(tokens.tokenFor({ repositories: [], signal: signal() }));
  expect(none).toBeInstanceOf(GithubRefused);
  expect(stand.requests).toEqual([]);
});

test('a token that reaches further than asked is not given out', async () => {
  await using stand = await startedStand();
  stand.ignoresRepositories = true;
  const error = await failureOf(tokensOf(stand).tokenFor({ repositories: [app], signal: signal() }));
  expect(error).toBeInstanceOf(GithubRefused);
  expect(error.message).toMatch(/reaches more than acme\/app/);
});

test('two apps with the same installation id share nothing', async () => {
  await using one = await startedStand();
  await using other = await startedStand();
  const [first, second] = await Promise.all(
    [one, other].map((stand) => tokensOf(stand).tokenFor({ repositories: [app], signal: signal() })),
  );
  expect(one.reachOf(first?.token ?? '')).toEqual(['acme/app']);
  expect(other.reachOf(second?.token ?? '')).toEqual(['acme/app']);
});
