import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/secrets/redaction.ts';
import { leakOf } from './leaks.ts';
import { privateKeyBlock, randomChars, samples } from './samples.ts';

const redactor = createRedactor({ values: [] });

describe('a credential of known shape', () => {
  test.each(samples().map((sample, index) => ({ ...sample, index })))(
    'is replaced by a marker that names it: $shape ($index)',
    ({ shape, text, secret }) => {
      const output = redactor.text(text);
      expect(output).toContain(`[redacted:${shape}]`);
      expect(leakOf(secret, output)).toBeUndefined();
    },
  );

  test('leaves what stands around it', () => {
    const pat = `ghp_${randomChars(36)}`;
    expect(redactor.text(`before ${pat}, after`)).toBe('before [redacted:github-token], after');
    expect(redactor.text(`https://x-access-token:${pat}@github.com/a/b.git`)).toBe(
      'https://x-access-token:[redacted:github-token]@github.com/a/b.git',
    );
    expect(redactor.text('https://me:hunter2@host/path?a=b@c')).toBe(
      'https://me:[redacted:url-password]@host/path?a=b@c',
    );
    expect(redactor.text(`a\n${privateKeyBlock()}\nb`)).toBe('a\n[redacted:private-key]\nb');
    expect(redactor.text('curl -H "Authorization: Bearer abcd1234" x')).toBe(
      'curl -H "Authorization: Bearer [redacted:authorization]" x',
    );
  });

  test('is redacted to the end of its characters, however long it is', () => {
    expect(redactor.text(`<ghp_${randomChars(5000)}>`)).toBe('<[redacted:github-token]>');
  });

  test('is redacted once when it is redacted twice', () => {
    for (const { text } of samples()) {
      const once = redactor.text(text);
      expect(redactor.text(once)).toBe(once);
    }
  });

  test('is redacted up to a bound when a private key never ends', () => {
    const begin = '-----BEGIN RSA PRIVATE KEY-----';
    const output = redactor.text(`${begin}\n${'x'.repeat(40_000)} the end`);
    expect(output).toMatch(/^\[redacted:private-key\]x{1,8000} the end$/);
    expect(redactor.text(`${begin}\nMIIabcdefgh`)).toBe('[redacted:private-key]');
  });

  test('does not end a private key at the end of something else', () => {
    const key = privateKeyBlock('EC PRIVATE KEY', 3);
    const [begin, ...rest] = key.split('\n');
    const text = [begin, '-----END CERTIFICATE-----', '-----END ', ...rest].join('\n');
    expect(redactor.text(`${text}.`)).toBe('[redacted:private-key].');
  });
});

describe('ordinary text', () => {
  test.each([
    [
      'a commit id',
      `commit ${randomChars(40, '0123456789abcdef')} and ${randomChars(64, '0123456789abcdef')}`,
    ],
    ['git log', `${randomChars(7, '0123456789abcdef')} (HEAD -> harvest/task-one) Fix the disk-space check`],
    ['a diff header', 'index 3b18e51..c0ffee1 100644\n--- a/x.ts\n+++ b/x.ts'],
    ['URLs', 'see https://example.com:8080/a@b and http://localhost:3000, ssh://git@github.com/a/b.git'],
    [
      'words with short prefixes',
      'task-completion risk-assessmentsareimportanthere sk-fading-circle-animation-x as-is',
    ],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
    ['a rule', `${'-'.repeat(80)}\n|-----|-----|\n`],
    [
      'prose about headers',
      'The Authorization: Bearer <token> header; basic authentication; a bearer of good news.',
    ],
    ['base64', Buffer.from('{"cursor":12345,"page":"next one please"}').toString('base64')],
    ['placeholders', 'AWS_SECRET_ACCESS_KEY=${SECRET} GITHUB_TOKEN=ghp_... key=sk-ant-...'],
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${randomChars(64)}\n-----END PUBLIC KEY-----`],
    ['an integrity hash', `sha512-${randomChars(86)}==`],
  ])('is left alone: %s', (_what, text) => {
    expect(redactor.text(text)).toBe(text);
  });
});
