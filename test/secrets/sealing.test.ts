import { describe, expect, test } from 'vitest';
import {
  generateSealingKey,
  InvalidSealingKeys,
  open,
  seal,
  SealingKeys,
  SealNotOpened,
  type SealingContext,
} from '../../src/secrets/sealing.ts';

const keys = SealingKeys.parse(generateSealingKey());

const context: SealingContext = {
  sessionId: 'session-a',
  field: 'github',
  repositoryUrls: ['https://github.com/acme/shop.git', 'https://github.com/acme/site.git'],
};

describe('sealing', () => {
  test('opens what it sealed, for the same context', () => {
    const sealed = seal(keys, 'a token with ünïcode', context);
    expect(open(keys, sealed, context)).toBe('a token with ünïcode');
  });

  test('gives plain JSON without the plaintext, different each time', () => {
    const sealed = seal(keys, 'the-token', context);
    expect(JSON.parse(JSON.stringify(sealed))).toEqual(sealed);
    expect(Buffer.from(sealed.box, 'base64').includes('the-token')).toBe(false);
    expect(seal(keys, 'the-token', context).box).not.toBe(sealed.box);
  });

  test.each<[string, Partial<SealingContext>]>([
    ['another session', { sessionId: 'session-b' }],
    ['another field', { field: 'claude' }],
    ['another server', { repositoryUrls: ['https://attacker.example/acme/shop.git'] }],
    ['another repository', { repositoryUrls: ['https://github.com/attacker/shop.git'] }],
    ['one repository more', { repositoryUrls: [...context.repositoryUrls, 'https://attacker.example/x'] }],
    ['one repository less', { repositoryUrls: context.repositoryUrls.slice(0, 1) }],
    [
      'the same server unencrypted',
      { repositoryUrls: context.repositoryUrls.map((url) => url.replace('s:', ':')) },
    ],
  ])('does not open for %s', (_what, other) => {
    const sealed = seal(keys, 'x', context);
    expect(() => open(keys, sealed, { ...context, ...other })).toThrow(/does not open/);
  });

  test('does not open what an older version sealed, and says so', () => {
    const sealed = seal(keys, 'x', context);
    const box = Buffer.from(sealed.box, 'base64');
    box.writeUInt8(1, 0);
    expect(() => open(keys, { ...sealed, box: box.toString('base64') }, context)).toThrow('an older client');
  });

  test('does not open when any byte was altered or the box was cut', () => {
    const sealed = seal(keys, 'secret', context);
    const box = Buffer.from(sealed.box, 'base64');
    for (let at = 0; at < box.length; at += 1) {
      const altered = Buffer.from(box);
      altered.writeUInt8(box.readUInt8(at) ^ 1, at);
      expect(() => open(keys, { ...sealed, box: altered.toString('base64') }, context)).toThrow(
        /does not open/,
      );
    }
    for (const length of [0, 1, 28, box.length - 1]) {
      const cut = box.subarray(0, length).toString('base64');
      expect(() => open(keys, { ...sealed, box: cut }, context)).toThrow(/does not open/);
    }
  });

  test('seals with the first key and opens with every key', () => {
    const [older, newer] = [generateSealingKey(), generateSealingKey()];
    const sealedBefore = seal(SealingKeys.parse(older), 'before', context);
    const both = SealingKeys.parse(`${newer},\n ${older}`);
    expect(open(both, sealedBefore, context)).toBe('before');
    expect(open(SealingKeys.parse(newer), seal(both, 'after', context), context)).toBe('after');
  });

  test('names the key it does not hold', () => {
    const sealed = seal(SealingKeys.parse(generateSealingKey()), 'x', context);
    expect(() => open(keys, sealed, context)).toThrow(SealNotOpened);
    expect(() => open(keys, sealed, context)).toThrow(
      `key "${sealed.keyId}", which this process does not hold`,
    );
  });

  test('does not open under the id of another key', () => {
    const key = generateSealingKey().split(':')[1] ?? '';
    const sealed = seal(SealingKeys.parse(`one:${key}`), 'x', context);
    expect(() => open(SealingKeys.parse(`two:${key}`), { ...sealed, keyId: 'two' }, context)).toThrow(
      /does not open/,
    );
  });

  test.each([
    ['nothing', '', 'sealing key 1'],
    ['no key id', Buffer.alloc(32).toString('base64'), 'sealing key 1'],
    ['a short key', `a:${Buffer.alloc(31).toString('base64')}`, 'not 32 bytes'],
    ['no base64', `a:${'*'.repeat(44)}`, 'not 32 bytes'],
    ['a trailing comma', `a:${Buffer.alloc(32).toString('base64')},`, 'sealing key 2'],
    [
      'a key id twice',
      `${generateSealingKey().replace(/^[^:]*/, 'a')},${generateSealingKey().replace(/^[^:]*/, 'a')}`,
      'repeats',
    ],
  ])('refuses %s and says which key is wrong', (_what, text, message) => {
    expect(() => SealingKeys.parse(text)).toThrow(InvalidSealingKeys);
    expect(() => SealingKeys.parse(text)).toThrow(message);
  });

  test('never shows key bytes in an error or when it is printed', () => {
    const secret = Buffer.alloc(33, 7).toString('base64');
    expect(() => SealingKeys.parse(`a:${secret}`)).toThrow(/^(?!.*BwcHBw)/s);
    expect(JSON.stringify(keys)).toBe(`{"sealingKeyId":"${keys.sealingKeyId}"}`);
  });

  test('tells a log which texts to leave out', () => {
    const [one, two] = [generateSealingKey(), generateSealingKey()];
    const texts = [one, two].map((key) => key.split(':')[1]);
    expect(SealingKeys.parse(`${one},${two}`).secretTexts()).toEqual(texts);
  });
});
