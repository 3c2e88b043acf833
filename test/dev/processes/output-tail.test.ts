import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { collectTail } from '../../../src/dev/processes/output-tail.ts';

const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

test.each([
  { what: 'nothing', pieces: [], tail: '' },
  { what: 'a few lines', pieces: ['one\ntwo\n'], tail: 'one\ntwo' },
  { what: 'lines that come in pieces', pieces: ['o', 'ne\nt', 'wo'], tail: 'one\ntwo' },
  { what: 'lines of Windows', pieces: ['one\r', '\ntwo\r\n'], tail: 'one\ntwo' },
  { what: 'too many lines', pieces: [lines(25).join('\n')], tail: lines(25).slice(5).join('\n') },
])('of $what the last twenty lines are kept', async ({ pieces, tail }) => {
  expect(await collectTail(Readable.from(pieces))).toBe(tail);
});

test('every line is handed on as it comes', async () => {
  const seen: string[] = [];
  await collectTail(Readable.from([lines(25).join('\n')]), (line) => seen.push(line));
  expect(seen).toEqual(lines(25));
});

test('a program without that output has no last lines', async () => {
  expect(await collectTail(null)).toBe('');
});
