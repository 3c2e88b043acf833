import { expect, test } from 'vitest';
import { bounds } from '../../src/contracts/bounds.ts';
import { remember } from '../../src/workflows/remember.ts';

test('a list grows up to its bound, and from then on forgets its oldest entry for each new one', () => {
  const list: number[] = [];
  const lengths = [1, 2, 3, 4, 5].map((entry) => {
    remember(list, entry, 3);
    return list.length;
  });
  expect(lengths).toEqual([1, 2, 3, 3, 3]);
  expect(list).toEqual([3, 4, 5]);
});

test('a list that is longer than its bound, from an older version, is cut at once', () => {
  const list = [1, 2, 3, 4, 5];
  remember(list, 6, 2);
  expect(list).toEqual([5, 6]);
});

test('without a bound of its own a list keeps as many entries as prompt ids are remembered', () => {
  const list: number[] = [];
  for (let entry = 0; entry <= bounds.handledPromptIds; entry += 1) remember(list, entry);
  expect([list.length, list[0]]).toEqual([bounds.handledPromptIds, 1]);
});
