import { expect, test } from 'vitest';
import {
  GithubCredentialExpired,
  GithubCredentialMissing,
  GithubCredentialRefused,
  GithubRateLimited,
  GithubRepositoryOutOfReach,
} from '../../src/github/errors.ts';
import { app, failureOf, leakedBy, library, personalToken, pullRequestPlace } from './support/place.ts';

const anyLine = /./;
const createLine = /^POST .*\/pulls$/;

test.each([undefined, '', ' \n'])('without a credential (%j) GitHub is not asked', async (token) => {
  await using place = await pullRequestPlace();
  const error = await failureOf(place.pullRequests.openPullRequest(place.request({ token })));
  expect(error).toBeInstanceOf(GithubCredentialMissing);
  expect(error.message).toBe('there is no GitHub credential for acme/app');
  expect(place.stand.requests).toEqual([]);
});

test('a wrong credential is refused', async () => {
  await using place = await pullRequestPlace();
  const error = await failureOf(place.pullRequests.pullRequestOf(place.request({ token: 'ghp_wrong' })));
  expect(error).toBeInstanceOf(GithubCredentialRefused);
  expect(error.message).toBe('GitHub refused the credential: Bad credentials');
  expect(place.stand.requests).toHaveLength(1);
});

test('a credential with white space around it works, one with a line break inside is refused', async () => {
  await using place = await pullRequestPlace();
  const token = ` ${personalToken}\n`;
  expect(await place.pullRequests.openPullRequest(place.request({ token }))).toMatchObject({ number: 1 });
  const broken = place.request({ token: `${personalToken}\n${personalToken}` });
  const error = await failureOf(place.pullRequests.openPullRequest(broken));
  expect(error).toBeInstanceOf(GithubCredentialRefused);
  expect(leakedBy(error, personalToken)).toEqual([]);
});

test('an expired credential is told from a wrong one, by the clock of GitHub', async () => {
  await using place = await pullRequestPlace();
  const hour = 60 * 60_000;
  place.stand.clockOffsetMs = 2 * hour;
  const tokenExpiresAt = new Date(Date.now() + hour).toISOString();
  place.stand.addToken('ghs_old', [app], -hour);
  const request = place.request({ token: 'ghs_old', tokenExpiresAt });
  const error = await failureOf(place.pullRequests.openPullRequest(request));
  expect(error).toBeInstanceOf(GithubCredentialExpired);
  expect(error.message).toBe(`the credential for GitHub expired at ${tokenExpiresAt}`);
  expect(place.stand.requests).toHaveLength(1);
});

test('a repository out of reach of the credential is named', async () => {
  await using place = await pullRequestPlace();
  const error = await failureOf(place.pullRequests.openPullRequest(place.request({ repository: library })));
  expect(error).toBeInstanceOf(GithubRepositoryOutOfReach);
  expect((error as GithubRepositoryOutOfReach).repository).toEqual(library);
  expect(error.message).toBe(
    'the repository acme/library does not exist, or the credential does not reach it: Not Found',
  );
});

test('a credential that may only read says so in the words of GitHub', async () => {
  await using place = await pullRequestPlace();
  const body = { message: 'Resource not accessible by integration' };
  place.stand.inject({ on: createLine, answer: { status: 403, body } });
  const error = await failureOf(place.pullRequests.openPullRequest(place.request()));
  expect(error).toBeInstanceOf(GithubRepositoryOutOfReach);
  expect(error.message).toMatch(/acme\/app .*Resource not accessible by integration/);
});

test('an installation token that one server does not know yet is tried again', async () => {
  await using place = await pullRequestPlace();
  place.stand.addToken('ghs_fresh', [app]);
  const answer = { status: 401, body: { message: 'Bad credentials' } };
  place.stand.inject({ on: anyLine, times: 2, answer });
  const opened = await place.pullRequests.openPullRequest(place.request({ token: 'ghs_fresh' }));
  expect(opened).toMatchObject({ number: 1, created: true });
});

test('a rate limit in the way of a creation is waited for, and nothing is created twice', async () => {
  await using place = await pullRequestPlace();
  const body = { message: 'You have exceeded a secondary rate limit.' };
  place.stand.inject({ on: createLine, answer: { status: 403, headers: { 'retry-after': '1' }, body } });
  expect(await place.pullRequests.openPullRequest(place.request())).toMatchObject({ created: true });
  expect(place.atGithub.all).toHaveLength(1);

  place.stand.inject({ on: createLine, answer: { status: 429, headers: { 'retry-after': '600' }, body } });
  const error = await failureOf(place.pullRequests.openPullRequest(place.request({ base: 'release' })));
  expect(error).toBeInstanceOf(GithubRateLimited);
});

test('who asks no longer gets his own reason, also between two attempts', async () => {
  await using place = await pullRequestPlace();
  const answer = { status: 403, headers: { 'retry-after': '20' }, body: { message: 'secondary rate limit' } };
  place.stand.inject({ on: anyLine, times: 99, answer });
  const asker = new AbortController();
  const failed = failureOf(place.pullRequests.openPullRequest(place.request({ signal: asker.signal })));
  await expect.poll(() => place.stand.requests.length).toBe(1);
  const reason = new Error('the worker stops');
  asker.abort(reason);
  expect(await failed).toBe(reason);
});

const answers = [400, 401, 403, 404, 422, 429, 500].flatMap((status) => [
  { status, padding: 0 },
  // The credential stands where the sentence is cut.
  { status, padding: 240 },
]);

test.each(answers)(
  'no error of an answer $status holds the credential, whatever is echoed after $padding words',
  async (answer) => {
    await using place = await pullRequestPlace();
    const foreign = 'ghp_canaryOfAnotherOne0123456789';
    place.stand.inject({ on: anyLine, times: 99, ...answer, echo: `${personalToken} ${foreign}` });
    const error = await failureOf(place.pullRequests.openPullRequest(place.request()));
    expect(place.stand.requests[0]?.authorization).toContain(personalToken);
    expect(leakedBy(error, personalToken)).toEqual([]);
    expect(leakedBy(error, foreign)).toEqual([]);
  },
);
