import { expect, test } from 'vitest';
import { Holds } from '../../../src/modal-emulator/disk/holds.ts';

test('a thing is free when each of its holders has let it go', () => {
  const holds = new Holds();
  const first = holds.take(['a', 'b']);
  const second = holds.take(['b']);
  expect(first()).toEqual(['a']);
  expect([...holds.all()]).toEqual(['b']);
  expect(holds.isHeld('a')).toBe(false);
  expect(second()).toEqual(['b']);
  expect(holds.isHeld('b')).toBe(false);
});

test('who lets go twice takes nothing from the others', () => {
  const holds = new Holds();
  const first = holds.take(['a']);
  const second = holds.take(['a']);
  expect([first(), first()]).toEqual([[], []]);
  expect(holds.isHeld('a')).toBe(true);
  expect(second()).toEqual(['a']);
});

test('a thing that one holder has twice is free when it has let go', () => {
  const holds = new Holds();
  expect(holds.take(['a', 'a'])()).toEqual(['a']);
});
