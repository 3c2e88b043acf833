import { expect, test } from 'vitest';
import { GithubRefused, GithubUnavailable } from '../../src/github/errors.ts';
import { createPullRequests } from '../../src/github/pull-requests.ts';
import { branch, pullRequestPlace, startedStand, tokensOf } from './support/place.ts';
import { app, failureOf, quick } from './support/place.ts';

const createLine = /^POST .*\/pulls$/;
const listLine = /^GET .*\/pulls$/;

test('a pull request is opened against the default branch', async () => {
  await using place = await pullRequestPlace();
  const opened = await place.pullRequests.openPullRequest(place.request());
  expect(opened).toEqual({
    number: 1,
    url: 'https://github.example/acme/app/pull/1',
    state: 'open',
    created: true,
  });
  expect(place.atGithub.all).toMatchObject([
    { base: { ref: 'trunk' }, head: { ref: branch }, title: 'Mend the roof', body: 'It rained in.' },
  ]);
});

test('an open pull request of the same head is returned as it is', async () => {
  await using place = await pullRequestPlace();
  await place.pullRequests.openPullRequest(place.request());
  const again = await place.pullRequests.openPullRequest(place.request({ title: 'Another title' }));
  expect(again).toMatchObject({ number: 1, created: false });
  expect(place.atGithub.all).toMatchObject([{ title: 'Mend the roof' }]);
});

test('another base is another pull request', async () => {
  await using place = await pullRequestPlace();
  const first = await place.pullRequests.openPullRequest(place.request());
  const second = await place.pullRequests.openPullRequest(place.request({ base: 'release' }));
  expect([first.number, second.number, second.created]).toEqual([1, 2, true]);
});

test('after a closed one a new one is opened', async () => {
  await using place = await pullRequestPlace();
  await place.pullRequests.openPullRequest(place.request());
  place.atGithub.close(1, { merged: false });
  expect(await place.pullRequests.openPullRequest(place.request())).toMatchObject({
    number: 2,
    created: true,
  });
});

test('five who open at once make one, and all are told of it', async () => {
  await using place = await pullRequestPlace();
  // All have looked before the first creates.
  place.stand.inject({ on: createLine, times: 5, delayMs: 150 });
  const opened = await Promise.all(
    Array.from({ length: 5 }, () => place.pullRequests.openPullRequest(place.request())),
  );
  expect(opened.map(({ number }) => number)).toEqual([1, 1, 1, 1, 1]);
  expect(opened.filter(({ created }) => created)).toHaveLength(1);
  expect(place.stand.count(createLine)).toBe(5);
  expect(place.atGithub.all).toHaveLength(1);
});

test('a list that lags behind the refusal is asked again', async () => {
  await using place = await pullRequestPlace();
  await place.pullRequests.openPullRequest(place.request());
  const nothing = { status: 200, body: [] };
  place.stand.inject({ on: listLine, times: 2, answer: nothing });
  expect(await place.pullRequests.openPullRequest(place.request())).toMatchObject({ number: 1 });
});

test('an answer that got lost is looked up, not created again', async () => {
  await using place = await pullRequestPlace();
  place.stand.inject({ on: createLine, loseAnswer: true });
  expect(await place.pullRequests.openPullRequest(place.request())).toMatchObject({ number: 1 });
  expect(place.stand.count(createLine)).toBe(1);
});

test('a creation that failed on the way is made again, and not for ever', async () => {
  await using place = await pullRequestPlace();
  const answer = { status: 502, body: { message: 'Server Error' } };
  place.stand.inject({ on: createLine, answer });
  expect(await place.pullRequests.openPullRequest(place.request())).toMatchObject({ created: true });
  place.stand.inject({ on: createLine, times: 99, answer });
  const error = await failureOf(place.pullRequests.openPullRequest(place.request({ base: 'release' })));
  expect(error).toBeInstanceOf(GithubUnavailable);
  expect(place.stand.count(createLine)).toBe(2 + 3);
});

test.each([
  ['a head that is not there', { head: 'harvest/none' }, 'Validation Failed: head is invalid'],
  ['a base that is not there', { base: 'none' }, 'Validation Failed: base is invalid'],
  ['a head without commits', { head: 'same' }, 'Validation Failed: No commits between trunk and same'],
])('%s is refused in the words of GitHub', async (_, request, sentence) => {
  await using place = await pullRequestPlace();
  const error = await failureOf(place.pullRequests.openPullRequest(place.request(request)));
  expect(error).toBeInstanceOf(GithubRefused);
  expect(error.message).toBe(`GitHub refused (422): ${sentence}`);
  expect(place.stand.count(createLine)).toBe(1);
});

test('the pull request of a head is the open one, else the newest, else none', async () => {
  await using place = await pullRequestPlace();
  const current = () => place.pullRequests.pullRequestOf(place.request());
  expect(await current()).toBeNull();
  await place.pullRequests.openPullRequest(place.request());
  expect(await current()).toEqual({
    number: 1,
    url: 'https://github.example/acme/app/pull/1',
    state: 'open',
  });
  await place.pullRequests.openPullRequest(place.request({ base: 'release' }));
  place.atGithub.close(2, { merged: false });
  expect(await current()).toMatchObject({ number: 1, state: 'open' });
  place.atGithub.close(1, { merged: true });
  expect(await current()).toMatchObject({ number: 2, state: 'closed' });
});

test('a merged pull request says so', async () => {
  await using place = await pullRequestPlace();
  await place.pullRequests.openPullRequest(place.request());
  place.atGithub.close(1, { merged: true });
  expect(await place.pullRequests.pullRequestOf(place.request())).toMatchObject({ state: 'merged' });
});

test('what GitHub lists of other heads is not taken for the own one', async () => {
  await using place = await pullRequestPlace();
  await place.pullRequests.openPullRequest(place.request());
  const foreign = [
    {
      number: 9,
      html_url: 'https://github.example/acme/app/pull/9',
      state: 'open',
      head: { label: 'fork:other' },
    },
  ];
  place.stand.inject({ on: listLine, times: 2, answer: { status: 200, body: foreign } });
  expect(await place.pullRequests.pullRequestOf(place.request())).toBeNull();
});

test('owners are compared without regard to case', async () => {
  await using place = await pullRequestPlace();
  await place.pullRequests.openPullRequest(place.request());
  const repository = { owner: 'ACME', name: 'App' };
  expect(await place.pullRequests.openPullRequest(place.request({ repository }))).toMatchObject({
    number: 1,
    created: false,
  });
});

test('a pull request is opened with an installation token', async () => {
  await using place = await pullRequestPlace();
  const signal = AbortSignal.timeout(20_000);
  const { token, expiresAt } = await tokensOf(place.stand).tokenFor({ repositories: [app], signal });
  const request = place.request({ token, tokenExpiresAt: expiresAt });
  expect(await place.pullRequests.openPullRequest(request)).toMatchObject({ number: 1, created: true });
});

test('the address of the API may end with a slash', async () => {
  await using stand = await startedStand();
  stand.addRepository({ ...app, defaultBranch: 'trunk', branches: {} });
  stand.addToken('ghp_personal', [app]);
  const pullRequests = createPullRequests({ apiUrl: `${stand.apiUrl}/`, limits: quick });
  const request = {
    repository: app,
    head: branch,
    token: 'ghp_personal',
    signal: AbortSignal.timeout(20_000),
  };
  expect(await pullRequests.pullRequestOf(request)).toBeNull();
});
