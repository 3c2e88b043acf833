import { describe, expect, test } from 'vitest';
import { CredentialVault } from '../../src/activities/credentials.ts';
import { CredentialUnavailable } from '../../src/activities/errors.ts';
import { sealCredentials } from '../../src/client/credentials.ts';
import {
  sessionInputSchema,
  type SessionInput,
  type SessionRequest,
} from '../../src/contracts/session-input.ts';
import { CredentialGrants, credentialVariables, modalSecrets } from '../../src/secrets/credential-grants.ts';
import { SealingKeys, generateSealingKey } from '../../src/secrets/sealing.ts';

const keys = SealingKeys.parse(generateSealingKey());
const vault = new CredentialVault({
  grants: {
    variables: CredentialGrants.parse(
      credentialVariables,
      'github:GITHUB_TOKEN@github.com,github:EMPTY@github.com,claude:ANTHROPIC_API_KEY',
    ),
    modalSecrets: CredentialGrants.parse(
      modalSecrets,
      'github:git/TOKEN@github.com,claude:model/TOKEN,claude:model/KEY,github:both/A@github.com,claude:both/A',
    ),
  },
  variables: new Map([
    ['GITHUB_TOKEN', 'ghp_worker'],
    ['ANTHROPIC_API_KEY', 'sk-ant-worker'],
  ]),
  keys,
});

const home = 'https://github.com/acme/shop.git';
const attackers = 'https://attacker.example/x';

function aSession(
  credentials: SessionRequest['credentials'],
  { sessionId = 'one', urls = [home] }: { sessionId?: string; urls?: string[] } = {},
): SessionInput {
  const repositories = urls.map((url) => ({ url }));
  const user = { name: 'Ada', email: 'ada@example.com' };
  return sessionInputSchema.parse({ sessionId, repositories, user, credentials });
}

const variable = (name: string) => ({ from: 'environment', variable: name }) as const;
const secret = (name: string, key: string) => ({ from: 'modal-secret', name, key }) as const;

function expectRefused(session: SessionInput, sentence: string): void {
  expect(() => vault.open(session)).toThrow(CredentialUnavailable);
  expect(() => vault.open(session)).toThrow(sentence);
  expect(vault.openedIn('ghp_worker sk-ant-worker')).toEqual([]);
}

describe('the worker’s variables', () => {
  test('are opened for their field and servers', () => {
    const session = aSession({ github: variable('GITHUB_TOKEN'), claude: variable('ANTHROPIC_API_KEY') });
    expect(vault.open(session)).toEqual({
      values: { github: 'ghp_worker', claude: 'sk-ant-worker' },
      named: [],
    });
    vault.forget('one');
  });

  test('are opened for nothing else', () => {
    expectRefused(
      aSession({ github: variable('ANTHROPIC_API_KEY') }, { urls: [attackers] }),
      'credentials.github: the worker does not give its variable ANTHROPIC_API_KEY to this field',
    );
    expectRefused(
      aSession({ github: variable('GITHUB_TOKEN') }, { urls: [attackers] }),
      'credentials.github: the worker does not send its variable GITHUB_TOKEN to attacker.example',
    );
    expectRefused(
      aSession({ github: variable('GITHUB_TOKEN') }, { urls: [home, attackers] }),
      'to attacker.example',
    );
    expectRefused(
      aSession({ claude: variable('GITHUB_TOKEN') }),
      'credentials.claude: the worker does not give its variable GITHUB_TOKEN to this field',
    );
  });

  test('one that is allowed but not set is said to be missing', () => {
    expectRefused(aSession({ github: variable('EMPTY') }), 'the worker has no variable EMPTY');
  });
});

describe('named Modal secrets', () => {
  test('are named to the sandbox for their field and servers', () => {
    const session = aSession({ github: secret('git', 'TOKEN'), claude: secret('model', 'KEY') });
    expect(vault.open(session).named).toEqual([
      { field: 'github', name: 'git', key: 'TOKEN' },
      { field: 'claude', name: 'model', key: 'KEY' },
    ]);
    vault.forget('one');
  });

  test('are named for nothing else', () => {
    expectRefused(
      aSession({ github: secret('model', 'KEY') }),
      'credentials.github: the worker does not give its Modal secret model/KEY to this field: its HARVEST_MODAL_SECRETS has no entry github:model/KEY@…',
    );
    expectRefused(aSession({ github: secret('git', 'TOKEN') }, { urls: [attackers] }), 'to attacker.example');
    expectRefused(aSession({ claude: secret('git', 'OTHER') }), 'no entry claude:git/OTHER');
  });

  test('two that have the same key are refused: one field would get the value of the other', () => {
    expectRefused(
      aSession({ github: secret('git', 'TOKEN'), claude: secret('model', 'TOKEN') }),
      'the Modal secrets git and model both give the key TOKEN',
    );
    expect(
      vault.open(aSession({ github: secret('both', 'A'), claude: secret('both', 'A') })).named,
    ).toHaveLength(2);
    vault.forget('one');
  });
});

describe('sealed values', () => {
  const given = { github: 'ghp_users-own', claude: 'sk-ant-users-own' };
  const sealed = sealCredentials(given, { sessionId: 'one', repositoryUrls: [home], keys: () => keys });

  test('are opened for the session they were sealed for, whatever its server', () => {
    expect(vault.open(aSession(sealed)).values).toEqual(given);
    const elsewhere = { sessionId: 'two', repositoryUrls: [attackers], keys: () => keys };
    const session = aSession(sealCredentials(given, elsewhere), { sessionId: 'two', urls: [attackers] });
    expect(vault.open(session).values).toEqual(given);
    vault.forget('one');
    vault.forget('two');
  });

  test.each([
    ['another session', aSession({ github: sealed.github }, { sessionId: 'two' })],
    ['the other field', aSession({ github: sealed.claude })],
    ['another server', aSession({ github: sealed.github }, { urls: [attackers] })],
    ['one repository more', aSession({ github: sealed.github }, { urls: [home, attackers] })],
    [
      'the model, from a session on another server',
      aSession({ claude: sealed.claude }, { urls: [attackers] }),
    ],
  ])('are not opened when they were copied into %s', (_what, session) => {
    expect(() => vault.open(session)).toThrow(CredentialUnavailable);
    expect(() => vault.open(session)).toThrow(/^credentials\.(github|claude): .* does not open: /);
  });
});

test('values are known while their session is open, in every form', () => {
  const given = { github: 'a "quoted" value' };
  const context = { sessionId: 'three', repositoryUrls: [home], keys: () => keys };
  vault.prepare(aSession(sealCredentials(given, context), { sessionId: 'three' }));
  for (const form of [given.github, JSON.stringify(given), Buffer.from(given.github).toString('base64')]) {
    expect(vault.openedIn(`before ${form} after`)).toEqual([given.github]);
    expect(vault.redactorFor('three').text(form)).not.toContain('quoted');
  }
  expect(vault.openedIn('nothing of it')).toEqual([]);
  vault.forget('three');
  expect(vault.openedIn(given.github)).toEqual([]);
});
