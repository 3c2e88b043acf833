import { describe, expect, test } from 'vitest';
import { bounds } from '../../src/contracts/bounds.ts';
import { repositoryNameOf, sessionInputSchema } from '../../src/contracts/session-input.ts';
import { describeProblem } from '../../src/workflows/admission.ts';

const repository = { url: 'https://example.com/ada/fruit.git' };
const valid = {
  sessionId: 'one',
  repositories: [repository],
  user: { name: 'Ada', email: 'ada@example.com' },
};

/** The sentence that a caller gets, or null. */
function refusalOf(changes: object): string | null {
  const { error } = sessionInputSchema.safeParse({ ...valid, ...changes });
  return error === undefined ? null : describeProblem('session', error);
}

test('what a caller leaves out gets its default', () => {
  expect(sessionInputSchema.parse(valid)).toEqual({
    ...valid,
    repositories: [{ ...repository, branch: 'main' }],
    credentials: {},
    options: {
      idleSeconds: bounds.idleSeconds,
      retentionSeconds: bounds.retentionSeconds,
      turnSeconds: bounds.turnSeconds,
      silenceSeconds: bounds.silenceSeconds,
      sandboxLifetimeSeconds: bounds.sandboxLifetimeSeconds,
      rolloverSeconds: bounds.rolloverSeconds,
      environment: {},
    },
  });
});

describe('the URL of a repository', () => {
  test.each([
    'https://example.com/a',
    'http://127.0.0.1:8080/a.git',
    'https://example.com/ada/fruit.git',
    'https://example.com/a%20b',
  ])('may be %s', (url) => {
    expect(refusalOf({ repositories: [{ url }] })).toBeNull();
  });

  test.each([
    'ssh://git@example.com/a',
    'file:///etc/passwd',
    'ext::sh -c touch% /tmp/x',
    'https://example.com',
    'https://example.com/',
    'https://ada@example.com/a',
    'https://ada:secret@example.com/a',
    'https://:secret@example.com/a',
    'https://example.com/a?token=x',
    'https://example.com/a#x',
    'nonsense',
    'https://example.com/a\nb',
    ' https://example.com/a',
    '//x',
    '',
  ])('may not be %s', (url) => {
    expect(refusalOf({ repositories: [{ url }] })).toBe(
      'session.repositories.0.url: a repository URL is http:// or https:// with a path and without user, password, query or fragment',
    );
  });
});

describe('a branch', () => {
  test.each(['main', 'harvest/one', 'v1.2', 'a+b', 'renovate/@types-node', 'fix/#12', 'a-.b'])(
    'may be called %s',
    (branch) => {
      expect(refusalOf({ repositories: [{ ...repository, branch }] })).toBeNull();
    },
  );

  test.each([
    '',
    'a b',
    'a..b',
    'a//b',
    'a/',
    'a.lock',
    'a@{1}',
    'a~1',
    'a^',
    'a:b',
    '--upload-pack=x',
    '-x',
    '/main',
    '.a',
    'a/.b',
    'a.lock/b',
    'main.',
    '@',
    'x'.repeat(201),
  ])('may not be called %j', (branch) => {
    expect(refusalOf({ repositories: [{ ...repository, branch }] })).toBe(
      'session.repositories.0.branch: not a branch name',
    );
  });
});

describe('the folder of a repository', () => {
  test.each([
    { url: 'https://example.com/ada/fruit.git', name: 'fruit' },
    { url: 'https://example.com/fruit', name: 'fruit' },
    { url: 'https://example.com/fruit/', name: 'fruit' },
    { url: 'https://example.com/a.git.git', name: 'a.git' },
    { url: 'https://example.com/my%20fruit', name: 'my-20fruit' },
    { url: 'https://example.com/-fruit', name: 'fruit' },
    { url: 'https://example.com/.git', name: 'repository' },
    { url: 'https://example.com/...', name: 'repository' },
    { url: `https://example.com/${'a'.repeat(300)}`, name: 'a'.repeat(100) },
  ])('of $url is $name', ({ url, name }) => {
    expect(repositoryNameOf({ url, branch: 'main' })).toBe(name);
  });

  test('is called as the caller says', () => {
    expect(repositoryNameOf({ ...repository, branch: 'main', name: 'mine' })).toBe('mine');
  });

  test.each(['', '.git', '..', 'a/b', '-x', 'a b', 'x'.repeat(101)])('may not be called %j', (name) => {
    expect(refusalOf({ repositories: [{ ...repository, name }] })).toBe(
      'session.repositories.0.name: a repository name is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_", "-"',
    );
  });

  test('is one for each repository', () => {
    const other = { url: 'https://example.com/bob/fruit' };
    expect(refusalOf({ repositories: [repository, other] })).toBe(
      'session.repositories: two repositories would share a folder: give one of them another name',
    );
    expect(refusalOf({ repositories: [repository, { ...other, name: 'bobs' }] })).toBeNull();
  });
});

describe('the rest', () => {
  const many = Array.from({ length: bounds.repositoriesPerSession + 1 }, (_, index) => ({
    url: `https://example.com/${index}`,
  }));

  test.each([
    { what: 'a session id with capitals', changes: { sessionId: 'One' }, names: 'session.sessionId' },
    { what: 'no repository', changes: { repositories: [] }, names: 'session.repositories' },
    { what: 'too many repositories', changes: { repositories: many }, names: 'session.repositories' },
    { what: 'a user without a name', changes: { user: { ...valid.user, name: ' ' } }, names: 'user.name' },
    {
      what: 'a name that would end the address of a commit',
      changes: { user: { ...valid.user, name: 'Ada <eve@example.com>' } },
      names: 'session.user.name: a user name has no <, > or line break',
    },
    {
      what: 'a name of two lines',
      changes: { user: { ...valid.user, name: 'Ada\nEve' } },
      names: 'session.user.name: a user name has no <, > or line break',
    },
    {
      what: 'a word that is no e-mail address',
      changes: { user: { ...valid.user, email: 'ada' } },
      names: 'session.user.email',
    },
    {
      what: 'a token in the place of its source',
      changes: { credentials: { github: 'ghp_x' } },
      names: 'session.credentials.github',
    },
    {
      what: 'a source that nobody knows',
      changes: { credentials: { github: { from: 'file', path: '/etc/token' } } },
      names: 'session.credentials.github.from',
    },
    {
      what: 'a lifetime of more than a day',
      changes: { options: { sandboxLifetimeSeconds: 86_401 } },
      names: 'session.options.sandboxLifetimeSeconds',
    },
    { what: 'no idle time', changes: { options: { idleSeconds: 0 } }, names: 'session.options.idleSeconds' },
    {
      what: 'a variable whose name the shell does not take',
      changes: { options: { environment: { 'A-B': 'x' } } },
      names: 'session.options.environment.A-B',
    },
    {
      what: 'more variables than the session can carry',
      changes: {
        options: {
          environment: Object.fromEntries(
            Array.from({ length: 16 }, (_, index) => [`V${index}`, 'v'.repeat(8_192)]),
          ),
        },
      },
      names: 'session.options.environment: the environment variables together have at most 128 KiB as JSON',
    },
    { what: 'a field that nobody knows', changes: { retries: 3 }, names: '"retries"' },
  ])('is refused with a sentence that names it: $what', ({ changes, names }) => {
    expect(refusalOf(changes)).toContain(names);
  });
});
