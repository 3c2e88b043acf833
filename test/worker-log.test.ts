import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { sealCredentials } from '../src/client/credentials.ts';
import { SealingKeys, generateSealingKey } from '../src/secrets/sealing.ts';
import { LogRedaction, createLogRedactor } from '../src/worker-log.ts';

const program = join(import.meta.dirname, 'fixtures/worker-log-main.ts');
/** Of no shape that the redactor knows. */
const aSecret = (): string => `plain ${randomBytes(9).toString('hex')} text`;

test('the worker’s log shows no secret of the worker, and none of an open session', async () => {
  const [firstKey, secondKey] = [generateSealingKey(), generateSealingKey()];
  const secrets = {
    github: aSecret(),
    claude: aSecret(),
    modal: aSecret(),
    temporal: aSecret(),
    temporalTls: aSecret(),
    users: `users-own-${randomBytes(9).toString('hex')}`,
    firstKey: firstKey.split(':')[1] ?? '',
    secondKey: secondKey.split(':')[1] ?? '',
  };
  const repositories = [{ url: 'https://github.com/you/x' }];
  const credentials = sealCredentials(
    { github: secrets.users },
    {
      sessionId: 'one',
      repositoryUrls: ['https://github.com/you/x'],
      keys: () => SealingKeys.parse(`${firstKey},${secondKey}`),
    },
  );
  const session = {
    sessionId: 'one',
    repositories,
    user: { name: 'Ada', email: 'ada@example.com' },
    credentials,
  };
  const forms = Object.values(secrets).flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  const lines = forms.map((form) => `before ${form} after`);
  const running = promisify(execFile)(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'],
      HARVEST_SEALING_KEYS: `${firstKey},${secondKey}`,
      HARVEST_CREDENTIAL_VARIABLES: 'github:MY_TOKEN@github.com',
      MY_TOKEN: secrets.github,
      ANTHROPIC_API_KEY: secrets.claude,
      MODAL_TOKEN_ID: 'ak-1',
      MODAL_TOKEN_SECRET: secrets.modal,
    },
  });
  running.child.stdin?.end(
    JSON.stringify({
      session,
      lines,
      temporalApiKey: secrets.temporal,
      temporalTlsKey: secrets.temporalTls,
    }),
  );
  const { stderr, stdout } = await running;
  const logged = stderr.trim().split('\n');
  expect(logged).toHaveLength(lines.length);
  expect(stdout).toBe('');
  for (const line of logged) {
    expect(line.match(/before \[redacted:secret\] after/g)?.length, line).toBeGreaterThanOrEqual(4);
    expect(JSON.parse(line)).toMatchObject({ level: 'INFO' });
  }
  for (const form of forms) expect(stderr).not.toContain(form);
});

test('the value of one session does not cut that of another in two', () => {
  const redact = createLogRedactor({
    values: ['worker-own'],
    openedIn: (text) => ['long-', 'long-secret-value'].filter((value) => text.includes(value)),
  });
  expect(redact('x long-secret-value y worker-own z')).toBe('x [redacted:secret] y [redacted:secret] z');
  expect(redact('nothing')).toBe('nothing');
});

test('before the worker’s secrets are read the shapes are redacted, and then the secrets too', () => {
  const redaction = new LogRedaction();
  const { text } = redaction;
  const token = `ghp_${'a1'.repeat(18)}`;
  expect(text(`${token} worker-own`)).toBe('[redacted:github-token] worker-own');
  redaction.learn({ values: ['worker-own'], openedIn: () => [] });
  expect(text(`${token} worker-own`)).toBe('[redacted:github-token] [redacted:secret]');
});
