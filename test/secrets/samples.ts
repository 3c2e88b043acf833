/** Made-up credentials of every shape, put together at run time so that no scanner of repositories takes them for real. */
import { randomBytes } from 'node:crypto';

export type Sample = {
  shape: string;
  /** A text with the credential in it. */
  text: string;
  /** What must not leave. */
  secret: string;
};

const alphanumericChars = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function randomChars(length: number, alphabet = alphanumericChars): string {
  return [...randomBytes(length)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
}

export function privateKeyBlock(label = 'RSA PRIVATE KEY', lines = 24): string {
  const body = Array.from({ length: lines }, () => randomChars(64)).join('\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;
}

function token(
  shape: string,
  secret: string,
  around: (secret: string) => string = (it) => `is ${it} now`,
): Sample {
  return { shape, secret, text: around(secret) };
}

function webToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: randomChars(12), admin: true })}.${randomChars(43)}`;
}

export function samples(): Sample[] {
  const pem = privateKeyBlock();
  return [
    ...['ghp', 'gho', 'ghu', 'ghs', 'ghr'].map((kind) => token('github-token', `${kind}_${randomChars(36)}`)),
    token('github-token', `github_pat_${randomChars(22)}_${randomChars(59)}`),
    token('github-token', `ghs_1234_${webToken()}`),
    token('github-token', `ghp_${randomChars(36)}`, (it) => `GITHUB_TOKEN_${it}"`),
    token('anthropic-key', `sk-ant-api03-${randomChars(93)}-${randomChars(6)}AA`),
    token('anthropic-key', `sk-ant-oat01-${randomChars(95)}`, (it) => `CLAUDE_CODE_OAUTH_TOKEN=${it}\n`),
    token('openai-key', `sk-${randomChars(48)}`, (it) => `{"key":"${it}"}`),
    token('openai-key', `sk-proj-${randomChars(74)}_${randomChars(74)}`),
    ...['b', 'p', 'a', 'r', 's'].map((kind) =>
      token('slack-token', `xox${kind}-${randomChars(12, '0123456789')}-${randomChars(24)}`),
    ),
    token('gitlab-token', `glpat-${randomChars(20)}`),
    token('npm-token', `npm_${randomChars(36)}`),
    token('modal-token', `as-${randomChars(22)}`),
    token('aws-key-id', `AKIA${randomChars(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`),
    token(
      'aws-key-id',
      `ASIA${randomChars(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
      (it) => `line\\n${it}\\n`,
    ),
    token(
      'aws-key-id',
      `AKIA${randomChars(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
      (it) => `\u001b[01;31m${it}\u001b[0m`,
    ),
    token(
      'aws-key-id',
      `AKIA${randomChars(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
      (it) => `?key%3D${it}&x`,
    ),
    token('aws-secret-key', randomChars(40), (it) => `export AWS_SECRET_ACCESS_KEY=${it}\n`),
    token(
      'aws-secret-key',
      `${randomChars(20)}/+${randomChars(18)}`,
      (it) => `aws_secret_access_key = "${it}"`,
    ),
    token('aws-secret-key', randomChars(40), (it) => JSON.stringify({ SecretAccessKey: it, Region: 'eu' })),
    token('jwt', webToken()),
    token('jwt', webToken(), (it) => `?token=${it}&more`),
    token('private-key', pem, (it) => `key:\n${it}\nafter`),
    token('private-key', JSON.stringify(pem).slice(1, -1), (it) => `{"key":"${it}"}`),
    token('private-key', privateKeyBlock('PGP PRIVATE KEY BLOCK')),
    token('private-key', privateKeyBlock('PRIVATE KEY'), (it) => it.replaceAll('\n', '\n     2→')),
    token('url-password', randomChars(30), (it) => `git clone https://oauth2:${it}@git.example.com/a/b.git`),
    token('url-password', `p@ss${randomChars(12)}`, (it) => `postgres://user:${it}@db:5432/main`),
    token('url-password', randomChars(52), (it) => `https://${it}@git.example.com/a`),
    token('authorization', randomChars(40), (it) => `Authorization: Bearer ${it}\n`),
    token(
      'authorization',
      Buffer.from(`user:${randomChars(12)}`).toString('base64'),
      (it) => `-H 'authorization: Basic ${it}'`,
    ),
    token('authorization', randomChars(64, '0123456789abcdef'), (it) => `{"Authorization":"token ${it}"}`),
    token('authorization', randomChars(30), (it) => `sent Bearer ${it} twice`),
    token('api-key', randomChars(30), (it) => `x-api-key: ${it}`),
  ];
}
