/** Work comes back exactly as it was: in a fresh clone, and on an older snapshot. */
import { existsSync } from 'node:fs';
import { chmod, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CarryPlace, expectCarried, makeCarryPlace } from './support/carry-place.ts';
import { viewOf, write, writeProgram } from './support/repositories.ts';

let place: CarryPlace;
let work: string;

beforeEach(async () => {
  place = await makeCarryPlace();
  ({ work } = place);
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

describe('work is carried into a fresh clone exactly', () => {
  test('a clean repository whose commits are pushed needs no bundle', async () => {
    const { carried, restored } = await expectCarried(place);
    expect(carried).toMatchObject({
      bundlePath: null,
      work: { bytes: 0, uncommittedFiles: 0, unpushedCommits: 0 },
    });
    expect(carried.work.branch).toBe('harvest/s1');
    expect(restored).toMatchObject({ branch: 'harvest/s1', head: carried.work.head, notRestored: [] });
  });

  test('staged, unstaged, untracked, deleted, renamed, executable, linked and binary changes', async () => {
    await write(work, 'README.md', '# Staged\n');
    await place.git(work, 'add', 'README.md');
    await write(work, 'README.md', '# Staged\nand changed again\n');
    await write(work, 'new/untracked file.txt', 'new');
    await write(work, 'staged-new.txt', 'staged');
    await place.git(work, 'add', 'staged-new.txt');
    await rm(join(work, 'src/lib/deep.js'));
    await place.git(work, 'mv', 'src/app.js', 'src/main.js');
    await chmod(join(work, 'run.sh'), 0o644);
    await writeProgram(work, 'tool', '#!/bin/sh\n');
    await symlink('../outside/does-not-exist', join(work, 'link'));
    await write(work, 'image.bin', Buffer.from([255, 0, 13, 10, 128]));
    const { carried } = await expectCarried(place);
    expect(carried.work.uncommittedFiles).toBe(10);
    expect(carried.work.notCarried).toBeUndefined();
  });

  test('names with spaces, quotes, line breaks, stars and bytes that are no UTF-8', async () => {
    for (const name of [
      'a b',
      'quo"te',
      "apo'strophe",
      'line\nbreak',
      'tab\there',
      '*',
      ':(top)x',
      '-dash',
      'ä €',
      '\\back',
    ]) {
      await write(work, name, name);
    }
    const bytes = Buffer.from([0x78, 0xff, 0xfe, 0x79]);
    await write(work, 'plain', 'x');
    await rename(join(work, 'plain'), Buffer.concat([Buffer.from(`${work}/`), bytes]));
    const { restored } = await expectCarried(place);
    expect(restored.uncommittedFiles).toBe(11);
  });

  test('unpushed commits, other branches, a detached HEAD and stashes', async () => {
    await write(work, 'one', '1');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'One');
    await place.git(work, 'switch', '--quiet', '-c', 'other');
    await write(work, 'two', '2');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'Two');
    await write(work, 'README.md', 'first stash\n');
    await write(work, 'untracked', 'in the stash');
    await place.git(work, 'stash', 'push', '--quiet', '--include-untracked', '-m', 'first');
    await write(work, 'README.md', 'second stash\n');
    await place.git(work, 'stash', 'push', '--quiet', '-m', 'second');
    await place.git(work, 'checkout', '--quiet', '--detach', 'harvest/s1');
    await write(work, 'three', '3');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'Three');
    const stashes = await place.git(work, 'stash', 'list', '--format=%H %gs');
    const { carried, directory } = await expectCarried(place);
    expect(carried.work).toMatchObject({ branch: null, unpushedCommits: 3 });
    for (const branch of ['harvest/s1', 'other']) {
      expect(await place.git(directory, 'rev-parse', branch)).toBe(
        await place.git(work, 'rev-parse', branch),
      );
    }
    expect(await place.git(directory, 'stash', 'list', '--format=%H %gs')).toBe(stashes);
  });

  test('a branch that was pushed carries only what came after', async () => {
    await write(
      work,
      'large',
      Buffer.alloc(200_000, 'pseudo-random: no').map((byte, at) => (byte * at * 31) % 251),
    );
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'Large');
    await place.git(work, 'push', '--quiet', 'origin', 'harvest/s1');
    await write(work, 'small', 'x');
    const { carried } = await expectCarried(place);
    expect(carried.work).toMatchObject({ unpushedCommits: 0, uncommittedFiles: 1 });
    expect(carried.work.bytes).toBeLessThan(2_000);
  });

  test('a file added with intent to add, and one staged and then deleted', async () => {
    await write(work, 'intended', 'content');
    await place.git(work, 'add', '--intent-to-add', 'intended');
    await write(work, 'short-lived', 'content');
    await place.git(work, 'add', 'short-lived');
    await rm(join(work, 'short-lived'));
    await place.git(work, 'rm', '--quiet', '--cached', 'run.sh');
    await expectCarried(place);
  });

  test('a file that became a folder and a folder that became a link', async () => {
    await rm(join(work, 'README.md'));
    await write(work, 'README.md/inside', 'x');
    await rm(join(work, 'src'), { recursive: true });
    await symlink('README.md', join(work, 'src'));
    await expectCarried(place);
  });

  test('a branch without any commit', async () => {
    await place.git(work, 'checkout', '--quiet', '--orphan', 'fresh');
    await write(work, 'more', 'x');
    await expectCarried(place);
  });

  test('the same work gives the same bundle', async () => {
    await write(work, 'README.md', 'changed\n');
    const first = await place.carry(work);
    const second = await place.carry(work);
    expect(second.work).toEqual(first.work);
  });
});

test('newer work is brought back onto an older snapshot with changes of its own', async () => {
  await write(work, 'README.md', 'older\n');
  await write(work, 'gone-later', 'x');
  await write(work, 'node_modules/kept', 'x');
  const snapshot = join(await place.folder(), 'project');
  const copied = await place.run(['-a', '--', work, snapshot], { program: 'cp' });
  expect(copied.exitCode).toBe(0);
  await rm(join(work, 'gone-later'));
  await write(work, 'README.md', 'newer\n');
  await place.git(work, 'commit', '--quiet', '-a', '-m', 'Newer');
  await write(work, 'src/app.js', 'newest\n');
  const before = await viewOf(place, work);
  const carried = await place.carry(work);
  await place.restore(carried, snapshot);
  expect(await viewOf(place, snapshot)).toEqual(before);
  expect(existsSync(join(snapshot, 'node_modules/kept'))).toBe(true);
});
