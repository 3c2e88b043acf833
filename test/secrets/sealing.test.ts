import { describe, expect, test } from 'vitest';
import {
  BrokenSeal,
  generateSealingKey,
  InvalidSealingKeys,
  open,
  seal,
  SealingKeys,
  UnknownSealingKey,
} from '../../src/secrets/sealing.ts';

const keys = SealingKeys.parse(generateSealingKey());

describe('sealing', () => {
  test('opens what it sealed, for the same context', () => {
    const sealed = seal(keys, 'a token with ünïcode', 'session-a');
    expect(open(keys, sealed, 'session-a')).toBe('a token with ünïcode');
  });

  test('gives plain JSON without the plaintext, different each time', () => {
    const sealed = seal(keys, 'the-token', 's');
    expect(JSON.parse(JSON.stringify(sealed))).toEqual(sealed);
    expect(Buffer.from(sealed.box, 'base64').includes('the-token')).toBe(false);
    expect(seal(keys, 'the-token', 's').box).not.toBe(sealed.box);
  });

  test('does not open for another context', () => {
    const sealed = seal(keys, 'x', 'session-a');
    expect(() => open(keys, sealed, 'session-b')).toThrow(BrokenSeal);
  });

  test('does not open when any byte was altered or the box was cut', () => {
    const sealed = seal(keys, 'secret', 's');
    const box = Buffer.from(sealed.box, 'base64');
    for (let at = 0; at < box.length; at += 1) {
      const altered = Buffer.from(box);
      altered.writeUInt8(box.readUInt8(at) ^ 1, at);
      expect(() => open(keys, { ...sealed, box: altered.toString('base64') }, 's')).toThrow(BrokenSeal);
    }
    for (const length of [0, 1, 28, box.length - 1]) {
      const cut = box.subarray(0, length).toString('base64');
      expect(() => open(keys, { ...sealed, box: cut }, 's')).toThrow(BrokenSeal);
    }
  });

  test('seals with the first key and opens with every key', () => {
    const [older, newer] = [generateSealingKey(), generateSealingKey()];
    const sealedBefore = seal(SealingKeys.parse(older), 'before', 's');
    const both = SealingKeys.parse(`${newer},\n ${older}`);
    expect(open(both, sealedBefore, 's')).toBe('before');
    expect(open(SealingKeys.parse(newer), seal(both, 'after', 's'), 's')).toBe('after');
  });

  test('names the key it does not hold', () => {
    const sealed = seal(SealingKeys.parse(generateSealingKey()), 'x', 's');
    expect(() => open(keys, sealed, 's')).toThrow(UnknownSealingKey);
    expect(() => open(keys, sealed, 's')).toThrow(sealed.keyId);
  });

  test('does not open under the id of another key', () => {
    const key = generateSealingKey().split(':')[1] ?? '';
    const sealed = seal(SealingKeys.parse(`one:${key}`), 'x', 's');
    expect(() => open(SealingKeys.parse(`two:${key}`), { ...sealed, keyId: 'two' }, 's')).toThrow(BrokenSeal);
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
});
