import { expect, test } from 'vitest';
import { InvalidRequest, SealingUnavailable } from '../../src/client.ts';
import { fingerprintOf, toSessionInput } from '../../src/client/session-request.ts';
import { SealingKeys, generateSealingKey, open } from '../../src/secrets/sealing.ts';
import { aRequest } from './fixtures/stand.ts';

const keys = SealingKeys.parse(generateSealingKey());
const noKeys = (): never => {
  throw new Error('there is no key.');
};

test('a session id is made when none is given, and defaults are filled in', () => {
  const { input, keep } = toSessionInput(aRequest(), noKeys);
  expect(input.sessionId).toMatch(/^[a-z0-9-]{1,40}$/);
  expect(input.repositories[0]?.branch).toBe('main');
  expect(keep).toBe(false);
});

test('a token is sealed for its field, session and repositories, and a reference passes as it is', () => {
  const claude = { from: 'environment', variable: 'ANTHROPIC_API_KEY' } as const;
  const { input } = toSessionInput(
    aRequest({ sessionId: 'one', credentials: { github: ' ghp_secret\n', claude } }),
    () => keys,
  );
  expect(JSON.stringify(input)).not.toContain('ghp_secret');
  const { github } = input.credentials;
  if (github?.from !== 'sealed') throw new TypeError('not sealed');
  const repositoryUrls = ['http://127.0.0.1/app.git'];
  expect(open(keys, github, { sessionId: 'one', field: 'github', repositoryUrls })).toBe('ghp_secret');
  expect(input.credentials.claude).toEqual(claude);
});

test('without a key a token is not sent, and the sentence says what to do', () => {
  const request = aRequest({ credentials: { github: 'ghp_secret' } });
  expect(() => toSessionInput(request, noKeys)).toThrow(SealingUnavailable);
  expect(() => toSessionInput(request, noKeys)).toThrow('HARVEST_SEALING_KEYS');
});

const refusals = [
  {
    what: 'a bad session id',
    wrong: { sessionId: 'Not An Id' },
    field: 'sessionId',
    sentence: 'a session id is 1 to 40 characters',
  },
  {
    what: 'no repository',
    wrong: { repositories: [] },
    field: 'repositories',
    sentence: 'to have >=1 items',
  },
  {
    what: 'a password in the URL',
    wrong: { repositories: [{ url: 'https://ada:hunter2@example.com/app' }] },
    field: 'repositories[0].url',
    sentence: 'without user, password',
  },
  {
    what: 'a bad e-mail address',
    wrong: { user: { name: 'Ada', email: 'nobody' } },
    field: 'user.email',
    sentence: 'Invalid email address',
  },
  {
    what: 'an unknown field',
    wrong: { repository: 'x' },
    field: '',
    sentence: 'Unrecognized key: "repository"',
  },
  {
    what: 'a credential of two lines',
    wrong: { credentials: { github: 'hunter2\nb' } },
    field: 'credentials.github',
    sentence: 'a credential is',
  },
  {
    what: 'an empty credential',
    wrong: { credentials: { claude: ' ' } },
    field: 'credentials.claude',
    sentence: 'a credential is',
  },
];

test.each(refusals)(
  '$what is refused with one sentence that names the field',
  ({ wrong, field, sentence }) => {
    const attempt = (): unknown => toSessionInput(aRequest(wrong), () => keys);
    expect(attempt).toThrow(InvalidRequest);
    expect(attempt).toThrow(expect.objectContaining({ field, message: expect.stringContaining(sentence) }));
    expect(attempt).not.toThrow(expect.objectContaining({ message: expect.stringContaining('hunter2') }));
  },
);

test('the same request has one fingerprint, however its parts are ordered and its tokens sealed', () => {
  const one = aRequest({ sessionId: 'one', credentials: { github: 'ghp_secret' } });
  const { user, ...others } = one;
  const same = { ...others, user: { email: user.email, name: user.name } };
  const fingerprint = (request: typeof one): string =>
    fingerprintOf(toSessionInput(request, () => keys).input);
  expect(fingerprint(same)).toBe(fingerprint(one));
  expect(fingerprint({ ...one, options: { idleSeconds: 5 } })).not.toBe(fingerprint(one));
  expect(fingerprint({ ...one, credentials: {} })).not.toBe(fingerprint(one));
  expect(fingerprint({ ...one, fork: { sessionId: 'two' } })).not.toBe(fingerprint(one));
});
