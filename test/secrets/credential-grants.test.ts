import { describe, expect, test } from 'vitest';
import {
  CredentialGrants,
  InvalidGrant,
  credentialVariables,
  modalSecrets,
} from '../../src/secrets/credential-grants.ts';

const grants = CredentialGrants.parse(
  credentialVariables,
  [
    'github:GITHUB_TOKEN@github.com',
    ' github:GITLAB_TOKEN@gitlab.example.com | Git.Example.com:8443',
    'github:GITLAB_TOKEN@third.example.com:443',
    'github:LOCAL_TOKEN@127.0.0.1:3000|[::1]:3000|localhost',
    'claude:ANTHROPIC_API_KEY',
  ].join(','),
);

const github = (source: string, ...repositoryUrls: string[]): string | null =>
  grants.refusal({ field: 'github', source, repositoryUrls });

describe('a variable is for its field and its servers', () => {
  test.each([
    ['GITHUB_TOKEN', 'https://github.com/acme/shop.git'],
    ['GITHUB_TOKEN', 'https://GitHub.com:443/acme/shop.git'],
    ['GITLAB_TOKEN', 'https://gitlab.example.com/a'],
    ['GITLAB_TOKEN', 'https://git.example.com:8443/a'],
    ['GITLAB_TOKEN', 'https://third.example.com/a'],
    ['LOCAL_TOKEN', 'http://127.0.0.1:3000/a'],
    ['LOCAL_TOKEN', 'https://127.0.0.1:3000/a'],
    ['LOCAL_TOKEN', 'http://0x7f.1:3000/a'],
    ['LOCAL_TOKEN', 'http://[::1]:3000/a'],
    ['LOCAL_TOKEN', 'http://localhost/a'],
  ])('%s goes to %s', (source, url) => {
    expect(github(source, url)).toBeNull();
  });

  test.each([
    ['another host', 'https://attacker.example/x', 'attacker.example'],
    ['a subdomain', 'https://gist.github.com/x', 'gist.github.com'],
    ['a host that begins alike', 'https://github.com.attacker.example/x', 'github.com.attacker.example'],
    ['a host that ends alike', 'https://mygithub.com/x', 'mygithub.com'],
    ['a host with a final dot', 'https://github.com./x', 'github.com.'],
    ['another port', 'https://github.com:8443/x', 'github.com:8443'],
    [
      'a host behind a tab, which a URL leaves out',
      'https://github.com\t.attacker.example/x',
      'attacker.example',
    ],
    [
      'a host before a backslash, which is a slash',
      'https://attacker.example\\@github.com/x',
      'attacker.example',
    ],
    ['loopback', 'http://127.0.0.1:3000/x', '127.0.0.1:3000'],
  ])('not to %s', (_what, url, host) => {
    expect(github('GITHUB_TOKEN', url)).toContain(host);
    expect(github('GITHUB_TOKEN', url)).toContain(`does not send its variable GITHUB_TOKEN to `);
  });

  test('the sentence says which host, which variable and what to set', () => {
    expect(github('GITHUB_TOKEN', 'https://attacker.example/x')).toBe(
      'the worker does not send its variable GITHUB_TOKEN to attacker.example: the entry github:GITHUB_TOKEN@attacker.example in its HARVEST_CREDENTIAL_VARIABLES would allow it',
    );
  });

  test('not unencrypted, but for loopback', () => {
    expect(github('GITHUB_TOKEN', 'http://github.com/x')).toBe(
      'the worker does not send its variable GITHUB_TOKEN to http://github.com, where it would go unencrypted: use https://',
    );
    expect(github('GITHUB_TOKEN', 'http://github.com:443/x')).toContain('unencrypted');
    expect(github('LOCAL_TOKEN', 'http://127.attacker.example:3000/x')).toContain('unencrypted');
    expect(github('LOCAL_TOKEN', 'http://127.0.0.1:3001/x')).toContain('@127.0.0.1:3001 in its');
  });

  test('every repository of the session must be on such a server', () => {
    const [allowed, other] = ['https://github.com/a', 'https://attacker.example/x'];
    expect(github('GITHUB_TOKEN', allowed, allowed)).toBeNull();
    expect(github('GITHUB_TOKEN', allowed, other)).toContain('attacker.example');
    expect(github('GITHUB_TOKEN', other, allowed)).toContain('attacker.example');
  });

  test('not to the other field, and nothing that has no entry', () => {
    const repositoryUrls = ['https://github.com/a'];
    expect(github('ANTHROPIC_API_KEY', ...repositoryUrls)).toBe(
      'the worker does not give its variable ANTHROPIC_API_KEY to this field: its HARVEST_CREDENTIAL_VARIABLES has no entry github:ANTHROPIC_API_KEY@…',
    );
    expect(grants.refusal({ field: 'claude', source: 'GITHUB_TOKEN', repositoryUrls })).toContain(
      'no entry claude:GITHUB_TOKEN',
    );
    expect(github('HOME', ...repositoryUrls)).toContain('no entry github:HOME@…');
    const anywhere = {
      field: 'claude',
      source: 'ANTHROPIC_API_KEY',
      repositoryUrls: ['http://x.example/x'],
    } as const;
    expect(grants.refusal(anywhere)).toBeNull();
  });
});

test('a Modal secret is named with its key', () => {
  const secrets = CredentialGrants.parse(
    modalSecrets,
    'github:my-secret/KEY@github.com,claude:my-secret/OTHER',
  );
  const repositoryUrls = ['https://github.com/a'];
  expect([...secrets.sources]).toEqual(['my-secret/KEY', 'my-secret/OTHER']);
  expect(secrets.refusal({ field: 'github', source: 'my-secret/KEY', repositoryUrls })).toBeNull();
  expect(secrets.refusal({ field: 'github', source: 'my-secret/OTHER', repositoryUrls })).toContain(
    'its HARVEST_MODAL_SECRETS has no entry github:my-secret/OTHER@…',
  );
  expect(CredentialGrants.parse(modalSecrets, ' ').sources.size).toBe(0);
});

test('servers on loopback are found', () => {
  expect(grants.loopbackOrigin).toBe('https://127.0.0.1:3000');
  const others = CredentialGrants.parse(credentialVariables, 'github:A@127.example.com,claude:B');
  expect(others.loopbackOrigin).toBeUndefined();
});

test.each([
  ['GITHUB_TOKEN', 'is not an entry such as github:GITHUB_TOKEN@github.com or claude:ANTHROPIC_API_KEY'],
  ['', 'is not an entry'],
  ['gitlab:TOKEN@gitlab.com', 'is not an entry'],
  ['github:token@github.com', 'is not an entry'],
  ['github:my-secret/KEY@github.com', 'is not an entry'],
  ['github:GITHUB_TOKEN', 'does not say for which hosts: write github:GITHUB_TOKEN@github.com'],
  ['claude:ANTHROPIC_API_KEY@api.anthropic.com', 'goes to HARVEST_MODEL_URL alone'],
  ['github:A@', 'has "" where a host belongs'],
  ['github:A@github.com|', 'has "" where a host belongs'],
  ['github:A@*.github.com', 'has "*.github.com" where a host belongs'],
  ['github:A@https://github.com', 'where a host belongs'],
  ['github:A@github.com/acme', 'where a host belongs'],
  ['github:A@user@github.com', 'where a host belongs'],
  ['github:A@github.com:99999', 'where a host belongs'],
  ['github:A@github.com:', 'where a host belongs'],
])('the entry "%s" is refused with a sentence', (entry, why) => {
  const parse = (): unknown => CredentialGrants.parse(credentialVariables, `claude:GOOD,${entry}`);
  expect(parse).toThrow(InvalidGrant);
  expect(parse).toThrow(`"${entry}"`);
  expect(parse).toThrow(why);
});
