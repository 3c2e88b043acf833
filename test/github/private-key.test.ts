import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { GithubCredentialMissing, GithubCredentialRefused } from '../../src/github/errors.ts';
import { createInstallationTokens } from '../../src/github/installation-tokens.ts';
import { appId, appKeys } from './support/github-stand.ts';
import { app, failureOf, leakedBy, pkcs1, pkcs8, startedStand, tokensOf } from './support/place.ts';

const escaped = (pem: string): string => pem.replaceAll('\n', String.raw`\n`);

test.each([
  ['PKCS#8', pkcs8],
  ['PKCS#1, as GitHub hands it out', pkcs1],
  ['PKCS#8 with escaped line breaks', escaped(pkcs8)],
  ['PKCS#1 with escaped line breaks', escaped(pkcs1)],
  ['PKCS#1 with escaped line breaks, between quotes', `"${escaped(pkcs1)}"`],
  ['PKCS#1 with the line breaks of Windows', pkcs1.replaceAll('\n', '\r\n')],
  ['PKCS#1 with escaped line breaks of Windows', pkcs1.replaceAll('\n', String.raw`\r\n`)],
  ['PKCS#1 with white space around it', `\n  ${pkcs1}  \n`],
])('a key as %s signs what GitHub accepts', async (_, privateKey) => {
  await using stand = await startedStand();
  const tokens = tokensOf(stand, { privateKey });
  const { token } = await tokens.tokenFor({ repositories: [app], signal: AbortSignal.timeout(20_000) });
  expect(stand.reachOf(token)).toEqual(['acme/app']);
});

test('a missing app id or key is told apart from a wrong one', () => {
  const make = (options: { appId: string; privateKey: string }) => () =>
    createInstallationTokens({ ...options, apiUrl: 'http://127.0.0.1:1' });
  expect(make({ appId, privateKey: '  ' })).toThrow(GithubCredentialMissing);
  expect(make({ appId: '', privateKey: pkcs8 })).toThrow(GithubCredentialMissing);
  expect(make({ appId, privateKey: 'not a key' })).toThrow(GithubCredentialRefused);
});

const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary' } as const;

test.each([
  ['only the first line', '-----BEGIN RSA PRIVATE KEY-----'],
  ['half of it', pkcs1.slice(0, 400)],
  ['a public key', appKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  [
    'a key of another kind',
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  ],
  ['a key with a passphrase', appKeys.privateKey.export(encrypted).toString()],
])('%s is refused with a sentence that holds none of it', async (_, privateKey) => {
  const make = () => createInstallationTokens({ appId, privateKey, apiUrl: 'http://127.0.0.1:1' });
  const error = await failureOf(Promise.resolve().then(make));
  expect(error).toBeInstanceOf(GithubCredentialRefused);
  expect(error.message).toMatch(/private key of the GitHub App/);
  const lines = privateKey.split('\n').filter((line) => !line.startsWith('-'));
  expect(lines.flatMap((line) => leakedBy(error, line))).toEqual([]);
});
