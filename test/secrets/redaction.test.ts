import { describe, expect, test } from 'vitest';
import { createRedactor, type Redactor } from '../../src/secrets/redaction.ts';
import { leakOf } from './leaks.ts';
import { privateKeyBlock, randomChars } from './samples.ts';

const value = `pä"ss/w+rd &${randomChars(20)}`;
const redactor = createRedactor({ values: [value] });

describe('a given value', () => {
  test.each([
    ['as it is', value],
    ['escaped for JSON', JSON.stringify(value).slice(1, -1)],
    ['escaped for JSON twice', JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    ['escaped for JSON in ASCII', JSON.stringify(value).slice(1, -1).replaceAll('ä', '\\u00e4')],
    ['encoded for a URL', encodeURIComponent(value)],
    [
      'encoded for a URL in lower case',
      encodeURIComponent(value).replaceAll(/%../g, (it) => it.toLowerCase()),
    ],
    ['encoded for a form', new URLSearchParams({ value }).toString().slice('value='.length)],
    ['in base64', Buffer.from(value).toString('base64')],
    ['in base64 for URLs', Buffer.from(value).toString('base64url')],
    ['in base64 behind a user name', Buffer.from(`x-access-token:${value}`).toString('base64').slice(20)],
    [
      'in base64 at every place of a group',
      ['', 'a', 'ab'].map((it) => Buffer.from(it + value).toString('base64')).join(' '),
    ],
  ])('is replaced %s', (_how, form) => {
    const output = redactor.text(`<${form}>`);
    expect(output).toContain('[redacted:secret]');
    expect(leakOf(form, output)).toBeUndefined();
  });

  test('is found in the middle of a word, and as often as it stands there', () => {
    expect(redactor.text(`a${value}b${value}${value}`)).toBe(
      'a[redacted:secret]b[redacted:secret][redacted:secret]',
    );
  });

  test('is replaced as one with what overlaps it', () => {
    const both = createRedactor({ values: ['abcdefghijkl', 'ghijklmnopqr', 'hijk'] });
    expect(both.text('<abcdefghijklmnopqr>')).toBe('<[redacted:secret]>');
    expect(both.text('<abcghijklmnopqr hijk>')).toBe('<abc[redacted:secret] [redacted:secret]>');
  });

  test('is named by its shape when it has one', () => {
    const token = `ghp_${randomChars(36)}`;
    expect(createRedactor({ values: [token] }).text(`is ${token}.`)).toBe('is [redacted:github-token].');
  });

  test('is not shown in part at the end of a text that was cut', () => {
    expect(redactor.text(`output ${value.slice(0, 15)}`)).toBe('output [redacted:secret]');
  });

  test('is replaced line by line when it has several lines', () => {
    const key = privateKeyBlock('OPENSSH PRIVATE KEY', 5);
    const lines = key.split('\n');
    expect(createRedactor({ values: [key] }).text(`tail: ${lines[3]}\n${lines[4]}`)).toBe(
      'tail: [redacted:secret]\n[redacted:secret]',
    );
  });

  test('is left alone when it is shorter than any credential', () => {
    const short = createRedactor({ values: ['', 'a', 'the'] });
    expect(short.text('the cat sat')).toBe('the cat sat');
  });

  test('is a git object id only when it was given', () => {
    const id = randomChars(40, '0123456789abcdef');
    expect(redactor.text(id)).toBe(id);
    expect(createRedactor({ values: [id] }).text(id)).toBe('[redacted:secret]');
  });
});

describe('JSON', () => {
  test('is redacted in every string, keys too, and keeps its structure', () => {
    const input = { a: [value, 1, null, true, { [value]: `x ${value}`, other: undefined }], n: 1.5 };
    expect(redactor.json(input)).toEqual({
      a: [
        '[redacted:secret]',
        1,
        null,
        true,
        { '[redacted:secret]': 'x [redacted:secret]', other: undefined },
      ],
      n: 1.5,
    });
  });

  test('keeps both of two keys that become the same', () => {
    const [one, two] = [`ghp_${randomChars(36)}`, `ghp_${randomChars(36)}`];
    expect(redactor.json({ [one]: 1, [two]: 2 })).toEqual({
      '[redacted:github-token]': 1,
      '[redacted:github-token]#2': 2,
    });
  });

  test('does not change what it was given, nor any prototype', () => {
    const input: unknown = JSON.parse('{"__proto__": {"polluted": "yes"}, "a": "b"}');
    expect(JSON.stringify(redactor.json(input))).toBe(JSON.stringify(input));
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('time', () => {
  const size = 1_000_000;
  const repeated = (piece: string): string => piece.repeat(Math.ceil(size / piece.length));
  const hard: [string, Redactor, string][] = [
    ['prose', redactor, repeated('The quick brown fox asks: is https://example.com up? ')],
    ['tokens in tokens', redactor, repeated('ghp_')],
    ['one endless token', redactor, `ghp_${repeated('a')}`],
    ['beginnings of web tokens', redactor, repeated('eyJ')],
    ['web tokens after colours', redactor, repeated('\u001b[5meyJaaaaa')],
    ['web tokens in web tokens', redactor, repeated('eyJaaaaaaaaaaa.')],
    ['beginnings of URLs', redactor, repeated('://a:b')],
    ['at signs', redactor, `://u:${repeated('@')}`],
    ['private keys that never end', redactor, repeated('-----BEGIN PRIVATE KEY-----')],
    ['ends of private keys', redactor, `-----BEGIN PRIVATE KEY-----${repeated('-----END ')}`],
    ['announcements', redactor, repeated('authorization: bearer ')],
    ['a value of one letter', createRedactor({ values: ['a'.repeat(5000)] }), repeated('a')],
    ['almost the value', createRedactor({ values: [`${'a'.repeat(5000)}b`] }), repeated('a'.repeat(4999))],
  ];
  // A scanner that is not linear needs hours for any of these: the time limit of the test is the assertion.
  test.each(hard)('grows with the text alone: %s', { timeout: 90_000 }, (_what, it_, text) => {
    const whole = it_.text(text);
    const stream = it_.stream();
    let output = '';
    for (let at = 0; at < text.length; at += 4096) output += stream.push(text.slice(at, at + 4096));
    expect(output + stream.flush() === whole).toBe(true);
  });
});
