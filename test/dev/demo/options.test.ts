import { expect, test } from 'vitest';
import { InvalidOptions, demoUsage, parseOptions } from '../../../src/dev/demo/options.ts';

const nothing = { repository: null, keep: false, json: false };

test.each([
  { argv: [], options: nothing },
  { argv: ['--keep', '--json'], options: { repository: null, keep: true, json: true } },
  {
    argv: ['--repo', 'https://example.com/a.git'],
    options: { ...nothing, repository: { url: 'https://example.com/a.git', branch: 'main' } },
  },
  {
    argv: ['--repo=https://example.com/a.git', '--branch', 'dev'],
    options: { ...nothing, repository: { url: 'https://example.com/a.git', branch: 'dev' } },
  },
  { argv: ['--help'], options: 'help' },
  { argv: ['-h', '--keep'], options: 'help' },
])('$argv means $options', ({ argv, options }) => {
  expect(parseOptions(argv)).toEqual(options);
});

test('a branch without a repository is refused', () => {
  expect(() => parseOptions(['--branch', 'dev'])).toThrow(InvalidOptions);
  expect(() => parseOptions(['--branch', 'dev'])).toThrow('--branch belongs to --repo URL');
});

test.each([['--unknown'], ['a-word'], ['--repo'], ['--keep=yes']])(
  'what nobody knows is refused with the usage: %s',
  (argument) => {
    expect(() => parseOptions([argument])).toThrow(InvalidOptions);
    expect(() => parseOptions([argument])).toThrow(demoUsage);
  },
);
