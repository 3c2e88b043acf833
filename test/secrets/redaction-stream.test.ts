import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/secrets/redaction.ts';
import { leakOf } from './leaks.ts';
import { privateKeyBlock, randomChars, samples } from './samples.ts';

const proseSamples = [
  'Running the tests now.\n',
  'See https://example.com/docs for more: ',
  '"key": "value", ',
  'ghp_ sk- eyJ ---- -----BEGIN -----',
  'Authorization: ',
  'ünï😀code ',
  'a\\nb ',
  'AKIA ',
  '://user:',
  ' ',
  '',
];

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Pieces of random sizes, small ones as likely as large ones; cuts anywhere, in a surrogate pair too. */
function cut(text: string, longest: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const size = Math.ceil(longest ** Math.random());
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

describe('a stream', () => {
  test('gives, for any cut, what the whole text gives, and never a piece of a secret', () => {
    for (let round = 0; round < 400; round += 1) {
      const values = [`val-${randomChars(24)}`, `${randomChars(9)}"\n/${randomChars(9)}`, 'abababababac'];
      const redactor = createRedactor({ values });
      const forms = [
        ...values,
        ...values.map((it) => Buffer.from(it).toString('base64')),
        ...values.map((it) => JSON.stringify(it).slice(1, -1)),
      ];
      const secrets = [...samples(), ...forms.map((secret) => ({ text: secret, secret }))];
      const chosen = Array.from({ length: 6 }, () => pick(secrets));
      const text = chosen
        .flatMap((it) => [pick(proseSamples), pick(proseSamples), it.text, pick(['', ' ', 'ab', '\n'])])
        .join('');
      const whole = redactor.text(text);
      const stream = redactor.stream();
      let output = '';
      for (const piece of cut(text, pick([1, 3, 50, 2000]))) output += stream.push(piece);
      output += stream.flush();
      expect(output, JSON.stringify(text)).toBe(whole);
      for (const { secret } of chosen) expect(leakOf(secret, output), JSON.stringify(text)).toBeUndefined();
    }
  });

  test('gives nothing of a secret that arrives one character at a time, before it is complete', () => {
    const value = `given-${randomChars(30)}`;
    const redactor = createRedactor({ values: [value] });
    for (const { text, secret } of [...samples(), { text: `a ${value} b`, secret: value }]) {
      const stream = redactor.stream();
      let output = '';
      for (const char of text) {
        output += stream.push(char);
        expect(leakOf(secret, output)).toBeUndefined();
      }
      expect(output + stream.flush()).toBe(redactor.text(text));
    }
  });

  test('holds back no ordinary prose', () => {
    const text =
      'I will look at the failing test, then task by task: read it, change it, run it again and commit. '.repeat(
        20,
      );
    const stream = createRedactor({ values: [randomChars(40), 'XKCD-936-staple'] }).stream();
    let output = '';
    let pushed = 0;
    for (const word of text.split(/(?<= )/)) {
      output += stream.push(word);
      pushed += word.length;
      // Every word here ends with a space, with which no shape begins.
      expect(pushed - output.length).toBe(0);
    }
  });

  test('holds back at most the longest beginning of a credential', () => {
    const stream = createRedactor({ values: ['hello-hello-secret'] }).stream();
    expect(stream.push('say hello-hello-')).toBe('say ');
    expect(stream.push('hello-')).toBe('hello-');
    expect(stream.push('world')).toBe('hello-hello-world');
    expect(stream.push('now g')).toBe('now ');
    expect(stream.push('hp_short ')).toBe('ghp_short ');
  });

  test('holds back a bounded amount whatever comes', () => {
    const redactor = createRedactor({ values: [randomChars(100)] });
    const text = [
      ...samples().map((it) => it.text),
      `eyJ${randomChars(9000)}`,
      `https://${randomChars(9000)}`,
      `-----BEGIN PRIVATE KEY-----${randomChars(50_000)}`,
    ].join(' ');
    const stream = redactor.stream();
    let sinceOutput = 0;
    let longestSilence = 0;
    for (const char of text) {
      sinceOutput = stream.push(char) === '' ? sinceOutput + 1 : 0;
      longestSilence = Math.max(longestSilence, sinceOutput);
    }
    expect(longestSilence).toBeLessThan(40_000);
  });

  test('marks a credential as soon as it is recognized, not when it ends', () => {
    const stream = createRedactor({ values: [] }).stream();
    expect(stream.push('key: -----BEGIN PRIVATE KEY-----\nMII')).toBe('key: [redacted:private-key]');
    expect(stream.push(privateKeyBlock('PRIVATE KEY').slice(30))).toBe('');
    expect(stream.push('\nafter')).toBe('\nafter');
  });

  test('begins anew after a flush', () => {
    const stream = createRedactor({ values: ['some-secret-value'] }).stream();
    expect(stream.push('x some-') + stream.flush()).toBe('x some-');
    expect(stream.push('secret-value') + stream.flush()).toBe('secret-value');
  });
});
