import { expect, test } from 'vitest';
import { textTail } from '../../src/contracts/text-tail.ts';

test.each([
  { what: 'a text that fits', text: 'abc', bytes: 3, expected: 'abc' },
  { what: 'an empty text', text: '', bytes: 3, expected: '' },
  { what: 'one byte too many', text: 'abcd', bytes: 3, expected: 'bcd' },
  { what: 'a character of two bytes at the cut', text: 'aéb', bytes: 2, expected: 'b' },
  { what: 'a character of two bytes that just fits', text: 'aéb', bytes: 3, expected: 'éb' },
  { what: 'an emoji at the cut', text: 'a😀b', bytes: 4, expected: 'b' },
  { what: 'an emoji that just fits', text: 'a😀b', bytes: 5, expected: '😀b' },
  { what: 'a byte order mark at the cut', text: 'a\uFEFFb', bytes: 4, expected: '\uFEFFb' },
  { what: 'an emoji larger than all there is room for', text: '😀', bytes: 3, expected: '' },
])('of $what the last $bytes bytes are "$expected"', ({ text, bytes, expected }) => {
  expect(textTail(text, bytes)).toBe(expected);
});
