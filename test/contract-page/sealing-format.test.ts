import { createCipheriv, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { SealingKeys, open } from '../../src/secrets/sealing.ts';

/** Word for word what docs/contract.md says, and nothing of our own code. */
function sealedElsewhere(key: { id: string; bytes: Buffer }, credential: string, urls: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv);
  cipher.setAAD(Buffer.from(`[2,"${key.id}","one","github",[${urls}]]`, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(credential, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([2]), iv, cipher.getAuthTag(), ciphertext]).toString('base64');
}

test('a credential that another language sealed as docs/contract.md says is opened', () => {
  const key = { id: 'k1', bytes: randomBytes(32) };
  const keys = SealingKeys.parse(`${key.id}:${key.bytes.toString('base64')}`);
  const context = { sessionId: 'one', field: 'github' } as const;
  const repositoryUrls = ['https://github.com/you/a.git', 'https://github.com/you/ä"b\\c&<>.git'];
  const box = sealedElsewhere(
    key,
    'ghp_secret',
    '"https://github.com/you/a.git","https://github.com/you/ä\\"b\\\\c&<>.git"',
  );
  expect(open(keys, { keyId: key.id, box }, { ...context, repositoryUrls })).toBe('ghp_secret');
});
