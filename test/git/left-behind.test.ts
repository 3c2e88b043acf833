import { describe, expect, test } from 'vitest';
import { leftBehind } from '../../src/git/left-behind.ts';
import type { RepositoryState } from '../../src/git/repository-state.ts';
import type { StatusEntry } from '../../src/git/status.ts';

function state(entries: StatusEntry[], more: Partial<RepositoryState> = {}): RepositoryState {
  return {
    status: { head: 'a'.repeat(40), branch: 'main', entries },
    unpushedCommits: 0,
    stashes: [],
    linkedWorkTrees: [],
    inProgress: [],
    ...more,
  };
}

const changed = { kind: 'changed', staged: '.', unstaged: 'M' } as const;

describe('of carried work it is said', () => {
  test('nothing when everything came along', () => {
    const entries: StatusEntry[] = [
      { ...changed, path: 'a', submodule: false },
      { kind: 'untracked', path: 'new/file' },
    ];
    expect(leftBehind(state(entries), [])).toEqual([]);
  });

  test.each<{ entry: StatusEntry; sentence: string }>([
    {
      entry: { kind: 'ignored', path: 'build/' },
      sentence: 'Files that git ignores are not carried: build/.',
    },
    {
      entry: { kind: 'untracked', path: 'vendor/other/' },
      sentence: 'Repositories inside the repository are not carried: vendor/other/.',
    },
    {
      entry: { ...changed, path: 'lib', submodule: true },
      sentence: 'Changes inside submodules are not carried: lib.',
    },
    {
      entry: { kind: 'unmerged', path: 'both', ours: null },
      sentence: 'Conflicts are carried as ordinary changes: both.',
    },
  ])('"$sentence"', ({ entry, sentence }) => {
    expect(leftBehind(state([entry]), [])).toEqual([sentence]);
  });

  test('what was in progress, one sentence for each', () => {
    expect(leftBehind(state([], { inProgress: ['merge', 'cherry-pick'] }), [])).toEqual([
      'The merge in progress is not carried; its files are, as they are in the work tree.',
      'The cherry-pick in progress is not carried; its files are, as they are in the work tree.',
    ]);
  });

  test('which files were too large, and where other work trees are', () => {
    expect(leftBehind(state([], { linkedWorkTrees: ['/workspace/other'] }), ['a.bin', 'b.bin'])).toEqual([
      'Linked work trees are not carried, only their commits: /workspace/other.',
      'Files that are too large are not carried: a.bin, b.bin.',
    ]);
  });

  test.each([
    { count: 5, sentence: 'Files that are too large are not carried: 1, 2, 3, 4, 5.' },
    { count: 6, sentence: 'Files that are too large are not carried: 1, 2, 3, 4, 5 and 1 more.' },
    { count: 1_000, sentence: 'Files that are too large are not carried: 1, 2, 3, 4, 5 and 995 more.' },
  ])('of $count files the names of the first five', ({ count, sentence }) => {
    const names = Array.from({ length: count }, (_, index) => `${index + 1}`);
    expect(leftBehind(state([]), names)).toEqual([sentence]);
  });

  test('in letters, although git’s names are bytes', () => {
    const path = Buffer.from('Übung', 'utf8').toString('latin1');
    expect(leftBehind(state([{ kind: 'ignored', path }]), [])).toEqual([
      'Files that git ignores are not carried: Übung.',
    ]);
  });
});
