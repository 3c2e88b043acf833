import { describe, expect, test } from 'vitest';
import { searchableUrl } from '../../src/contracts/search-attributes.ts';

const base = 'https://git.example.com/';

describe('the URL of a repository, to search for', () => {
  test('is the URL itself up to 250 bytes', () => {
    const url = base.padEnd(250, 'a');
    expect(searchableUrl(url)).toBe(url);
    expect(searchableUrl('')).toBe('');
  });

  test('is the end of a longer one, so that two repositories of one place stay apart', () => {
    const long = base.padEnd(1_900, 'a');
    expect(searchableUrl(`${long}/one.git`)).toBe(`${long}/one.git`.slice(-250));
    expect(searchableUrl(`${long}/one.git`)).not.toBe(searchableUrl(`${long}/two.git`));
  });

  test.each([
    ['ü', 2],
    ['界', 3],
    ['😀', 4],
    ['"', 2],
  ])('counts %s as the bytes it takes in JSON, and does not cut it', (character, bytes) => {
    expect(searchableUrl(base + character.repeat(300))).toBe(character.repeat(Math.floor(250 / bytes)));
  });
});
