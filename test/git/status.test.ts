import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GitFailed, safeGit } from '../../src/git/runner.ts';
import { holdsWork, parseStatus, statusArguments } from '../../src/git/status.ts';
import type { Status, StatusEntry } from '../../src/git/status.ts';
import { makePlace, write } from './support/repositories.ts';
import type { Place } from './support/repositories.ts';

const zero = '0'.repeat(40);
const one = '1'.repeat(40);
const two = '2'.repeat(40);

/** What git prints: its records, each ended by NUL. */
const printed = (...records: string[]): string => records.map((record) => `${record}\0`).join('');

describe('a record of git', () => {
  const changed = { kind: 'changed', submodule: false } as const;
  const cases: { what: string; record: string; entry: StatusEntry }[] = [
    {
      what: 'a file changed in the work tree',
      record: `1 .M N... 100644 100644 100644 ${one} ${one} src/app.js`,
      entry: { ...changed, path: 'src/app.js', staged: '.', unstaged: 'M' },
    },
    {
      what: 'a staged file with spaces in its name',
      record: `1 A. N... 000000 100644 100644 ${zero} ${one} a name  with spaces`,
      entry: { ...changed, path: 'a name  with spaces', staged: 'A', unstaged: '.' },
    },
    {
      what: 'a file staged and changed again, whose name begins like another record',
      record: `1 MM N... 100644 100644 100644 ${one} ${two} ? it`,
      entry: { ...changed, path: '? it', staged: 'M', unstaged: 'M' },
    },
    {
      what: 'a submodule with new commits',
      record: `1 .M SC.. 160000 160000 160000 ${one} ${one} lib`,
      entry: { ...changed, path: 'lib', staged: '.', unstaged: 'M', submodule: true },
    },
    { what: 'an untracked file', record: '? new file', entry: { kind: 'untracked', path: 'new file' } },
    { what: 'an untracked file called "# x"', record: '? # x', entry: { kind: 'untracked', path: '# x' } },
    { what: 'an ignored folder', record: '! build/', entry: { kind: 'ignored', path: 'build/' } },
    {
      what: 'a conflict, with our side of it',
      record: `u UU N... 100644 100755 100644 100644 ${zero} ${one} ${two} both sides`,
      entry: { kind: 'unmerged', path: 'both sides', ours: { mode: '100755', object: one } },
    },
    {
      what: 'a conflict in a file that we deleted',
      record: `u DU N... 100644 000000 100644 100644 ${one} ${zero} ${two} gone`,
      entry: { kind: 'unmerged', path: 'gone', ours: null },
    },
    {
      what: 'a conflict of a repository with SHA-256 names that we deleted',
      record: `u DU N... 100644 000000 100644 100644 ${'1'.repeat(64)} ${'0'.repeat(64)} ${'2'.repeat(64)} gone`,
      entry: { kind: 'unmerged', path: 'gone', ours: null },
    },
  ];

  test.each(cases)('is read: $what', ({ record, entry }) => {
    expect(parseStatus(printed(record)).entries).toEqual([entry]);
  });

  test('of a rename brings its old name along, which is no entry of its own', () => {
    const renamed = `2 R. N... 100644 100644 100644 ${one} ${one} R100 new name`;
    const { entries } = parseStatus(printed(renamed, '? old name', '? other'));
    expect(entries).toEqual([
      { kind: 'changed', path: 'new name', staged: 'R', unstaged: '.', submodule: false },
      { kind: 'untracked', path: 'other' },
    ]);
  });

  test('that is not there leaves a clean repository', () => {
    expect(parseStatus('')).toEqual({ head: null, branch: null, entries: [] });
  });
});

async function begin(place: Place): Promise<string> {
  const directory = await place.folder();
  await place.git(directory, 'init', '--quiet', '--initial-branch=main');
  await write(directory, 'file', 'one\n');
  await write(directory, '.gitignore', 'ignored/\n');
  await place.git(directory, 'add', '--all');
  await place.git(directory, 'commit', '--quiet', '-m', 'Begin');
  return directory;
}

describe('the status of a real repository', () => {
  async function statusOf(place: Place, directory: string): Promise<Status> {
    return parseStatus(await place.git(directory, ...statusArguments));
  }

  test('has no head before the first commit, and no branch when detached', async () => {
    await using place = await makePlace();
    const empty = await place.folder();
    await place.git(empty, 'init', '--quiet', '--initial-branch=some/branch');
    expect(await statusOf(place, empty)).toEqual({ head: null, branch: 'some/branch', entries: [] });
    const directory = await begin(place);
    const head = (await place.git(directory, 'rev-parse', 'HEAD')).trim();
    expect(await statusOf(place, directory)).toEqual({ head, branch: 'main', entries: [] });
    await place.git(directory, 'checkout', '--quiet', '--detach');
    expect(await statusOf(place, directory)).toEqual({ head, branch: null, entries: [] });
  });

  test('tells every file in a new folder, and an ignored folder as one', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await write(directory, 'new/one', '');
    await write(directory, 'new/two\nlines', '');
    await write(directory, 'ignored/a', '');
    await write(directory, 'ignored/b', '');
    expect((await statusOf(place, directory)).entries).toEqual([
      { kind: 'untracked', path: 'new/one' },
      { kind: 'untracked', path: 'new/two\nlines' },
      { kind: 'ignored', path: 'ignored/' },
    ]);
  });

  test('tells a rename as a file that went and one that came, whatever the user has configured', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await place.git(directory, 'config', 'status.renames', 'copies');
    await place.git(directory, 'config', 'status.showUntrackedFiles', 'no');
    await place.git(directory, 'mv', 'file', 'moved');
    const { entries } = await statusOf(place, directory);
    expect(entries).toMatchObject([
      { kind: 'changed', path: 'file', staged: 'D' },
      { kind: 'changed', path: 'moved', staged: 'A' },
    ]);
  });

  test('tells a conflict with the object that is ours', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await place.git(directory, 'checkout', '--quiet', '-b', 'theirs');
    await write(directory, 'file', 'theirs\n');
    await place.git(directory, 'commit', '--quiet', '-am', 'Theirs');
    await place.git(directory, 'checkout', '--quiet', 'main');
    await write(directory, 'file', 'ours\n');
    await place.git(directory, 'commit', '--quiet', '-am', 'Ours');
    expect((await place.run(['-C', directory, 'merge', 'theirs'])).exitCode).toBe(1);
    const object = (await place.git(directory, 'rev-parse', 'HEAD:file')).trim();
    expect((await statusOf(place, directory)).entries).toEqual([
      { kind: 'unmerged', path: 'file', ours: { mode: '100644', object } },
    ]);
  });
});

describe('uncommitted work of a real repository', () => {
  /** Both kinds, as seen from that folder. */
  async function workIn(place: Place, directory: string): Promise<string[]> {
    const git = safeGit(place.run, directory);
    const kinds = ['changes', 'untracked'] as const;
    const held = await Promise.all(kinds.map(async (work) => holdsWork(git, work)));
    return kinds.filter((_, index) => held[index]);
  }

  test('is neither in a clean one nor in what git ignores, nor where there is no repository', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await write(directory, 'ignored/a', '');
    expect(await workIn(place, directory)).toEqual([]);
    const elsewhere = await place.folder();
    await write(elsewhere, 'file', '');
    expect(await workIn(place, elsewhere)).toEqual([]);
    expect(await workIn(place, `${elsewhere}/not-there`)).toEqual([]);
  });

  test('is not told by a git that something ended', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await write(directory, '.gitattributes', '*.end filter=end\n');
    await write(directory, 'a.end', 'one\n');
    await place.git(directory, 'add', '--all');
    await place.git(directory, 'commit', '--quiet', '-m', 'More');
    await place.git(directory, 'config', 'filter.end.clean', 'kill -KILL $PPID');
    await utimes(join(directory, 'a.end'), 1, 1);
    const looked = holdsWork(safeGit(place.run, directory), 'changes');
    await expect(looked).rejects.toBeInstanceOf(GitFailed);
  });

  test('is a changed file, staged or not, seen from every folder', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await write(directory, 'below/kept', '');
    await place.git(directory, 'add', '--all');
    expect(await workIn(place, directory)).toEqual(['changes']);
    await place.git(directory, 'commit', '--quiet', '-m', 'More');
    await write(directory, 'file', 'two\n');
    expect(await workIn(place, `${directory}/below`)).toEqual(['changes']);
    await place.git(directory, 'add', 'file');
    await write(directory, 'file', 'one\n');
    expect(await workIn(place, directory)).toEqual(['changes']);
    await place.git(directory, 'reset', '--quiet', '--hard');
    expect(await workIn(place, directory)).toEqual([]);
  });

  test('is a conflict', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await write(directory, 'file', 'two\n');
    await place.git(directory, 'commit', '--quiet', '-am', 'Two');
    await write(directory, 'file', 'three\n');
    await place.git(directory, 'commit', '--quiet', '-am', 'Three');
    expect((await place.run(['-C', directory, 'revert', '--no-edit', 'HEAD^'])).exitCode).toBe(1);
    expect(await workIn(place, directory)).toEqual(['changes']);
  });

  test('is a file that git does not know, here or below, whatever the user has configured', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    await place.git(directory, 'config', 'status.showUntrackedFiles', 'no');
    await write(directory, 'below/kept', '');
    await place.git(directory, 'add', '--all');
    await place.git(directory, 'commit', '--quiet', '-m', 'More');
    await write(directory, 'new', '');
    expect(await workIn(place, directory)).toEqual(['untracked']);
    expect(await workIn(place, `${directory}/below`)).toEqual([]);
    await write(directory, 'below/deep/new', '');
    expect(await workIn(place, `${directory}/below`)).toEqual(['untracked']);
  });

  test('is not what lies in a submodule, but which commit of it is wanted', async () => {
    await using place = await makePlace();
    const directory = await begin(place);
    const library = join(directory, 'lib');
    const add = [
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      await begin(place),
      'lib',
    ];
    await place.git(directory, ...add);
    await place.git(directory, 'commit', '--quiet', '-m', 'Use a library');
    await write(library, 'file', 'two\n');
    await write(library, 'new', '');
    expect(await workIn(place, directory)).toEqual([]);
    expect(await workIn(place, library)).toEqual(['changes', 'untracked']);
    await place.git(library, 'commit', '--quiet', '-am', 'Two');
    expect(await workIn(place, directory)).toEqual(['changes']);
  });
});
