import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchRepository, holdsClone } from '../../src/git/clone.ts';
import { type CarryPlace, makeCarryPlace } from './support/carry-place.ts';
import { viewOf, write } from './support/repositories.ts';

let place: CarryPlace;
let work: string;

beforeEach(async () => {
  place = await makeCarryPlace();
  ({ work } = place);
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

async function commitAndPush(text: string): Promise<void> {
  await write(work, 'README.md', text);
  await place.git(work, 'commit', '--quiet', '--all', '--message', text);
  await place.git(work, 'push', '--quiet', 'origin', 'HEAD:refs/heads/harvest/s1');
}

/** What the session did after the checkpoint: pushed, and left all kinds of things behind. */
async function goOn(): Promise<void> {
  await commitAndPush('# Later\n');
  await place.git(work, 'branch', 'later');
  await write(work, 'later.txt', 'later');
  await place.git(work, 'stash', 'push', '--quiet', '--include-untracked');
  await write(work, 'untracked.txt', 'later');
}

describe('a step back to an earlier point', () => {
  test.each(['a fresh clone', 'what a later snapshot held'])(
    'brings the head of a pushed point back into %s, although the remote is ahead',
    async (kind) => {
      await commitAndPush('# Then\n');
      const [before, carried] = [await viewOf(place, work), await place.carry(work)];
      expect(carried.bundlePath).toBeNull();
      await goOn();
      let directory = work;
      if (kind === 'a fresh clone') {
        directory = await place.clone();
        expect(await readFile(join(directory, 'README.md'), 'utf8')).toBe('# Later\n');
      } else await fetchRepository(place.run, place.cloneInput(directory));
      const restored = await place.restore(carried, directory);
      expect(restored.head).toBe(carried.work.head);
      expect(restored.notRestored).toEqual([
        "The remote's branch harvest/s1 has 1 commit that is not of this point: a plain push there will be refused.",
      ]);
      const { files, status } = before as { files: unknown; status: unknown };
      expect(await viewOf(place, directory)).toMatchObject({ files, status });
    },
  );

  test('brings uncommitted work, branches and stashes of that point back, and nothing later', async () => {
    await commitAndPush('# Then\n');
    await place.git(work, 'branch', 'mine');
    await write(work, 'uncommitted.txt', 'then');
    const [before, carried] = [await viewOf(place, work), await place.carry(work)];
    await goOn();
    await place.git(work, 'branch', '-D', 'mine');
    await fetchRepository(place.run, place.cloneInput(work));
    const restored = await place.restore(carried, work);
    expect(restored).toMatchObject({ head: carried.work.head, uncommittedFiles: 1 });
    expect(await place.git(work, 'branch', '--format=%(refname:short)')).toBe('harvest/s1\nmain\nmine\n');
    expect(await place.git(work, 'stash', 'list')).toBe('');
    const { files, status } = before as { files: unknown; status: unknown };
    expect(await viewOf(place, work)).toMatchObject({ files, status });
  });

  test('leaves ignored files as the snapshot had them', async () => {
    await write(work, '.gitignore', 'build/\n');
    await place.git(work, 'add', '.gitignore');
    await commitAndPush('# Then\n');
    await write(work, 'build/out', 'of the snapshot');
    const carried = await place.carry(work);
    await goOn();
    await place.restore(carried, work);
    expect(await readFile(join(work, 'build/out'), 'utf8')).toBe('of the snapshot');
    expect(existsSync(join(work, 'untracked.txt'))).toBe(false);
  });

  test('checks out a head whose uncommitted work was too much to be carried', async () => {
    await commitAndPush('# Then\n');
    const { work: then } = await place.carry(work);
    await goOn();
    await fetchRepository(place.run, place.cloneInput(work));
    const tooMuch = { ...then, uncommittedFiles: 3, notCarried: 'It was too much.' };
    const restored = await place.restore({ work: tooMuch, bundlePath: null }, work);
    expect(restored).toMatchObject({ head: then.head, notRestored: ['It was too much.', expect.anything()] });
  });
});

describe('a fork', () => {
  test('goes on under its own branch with the work of its source', async () => {
    await write(work, 'README.md', '# Not pushed\n');
    await place.git(work, 'commit', '--quiet', '--all', '--message', 'Not pushed');
    await write(work, 'uncommitted.txt', 'then');
    const carried = await place.carry(work);
    const directory = await place.clone({ sessionBranch: 'harvest/fork' });
    const restored = await place.restore(
      { ...carried, work: { ...carried.work, branch: 'harvest/fork' } },
      directory,
    );
    expect(restored).toMatchObject({ branch: 'harvest/fork', head: carried.work.head, notRestored: [] });
    expect(await place.git(directory, 'branch', '--format=%(refname:short)')).toBe('harvest/fork\nmain\n');
    expect(await readFile(join(directory, 'uncommitted.txt'), 'utf8')).toBe('then');
  });

  test('takes over the clone of its source’s snapshot, index and files untouched', async () => {
    await write(work, 'staged.txt', 'staged');
    await place.git(work, 'add', 'staged.txt');
    expect(await holdsClone(place.run, place.cloneInput(work, { sessionBranch: 'harvest/fork' }))).toBe(true);
    expect(await place.git(work, 'branch', '--show-current')).toBe('harvest/fork\n');
    expect(await place.git(work, 'status', '--porcelain')).toBe('A  staged.txt\n');
    await place.git(work, 'checkout', '--quiet', '--detach');
    expect(await holdsClone(place.run, place.cloneInput(work, { sessionBranch: 'harvest/other' }))).toBe(
      true,
    );
    await rm(join(work, '.git/refs/heads'), { recursive: true });
    expect(await holdsClone(place.run, place.cloneInput(work, { sessionBranch: 'harvest/fork' }))).toBe(
      false,
    );
  });
});
