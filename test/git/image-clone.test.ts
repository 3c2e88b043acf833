import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CloneInput, cloneRepository } from '../../src/git/clone.ts';
import { RepositoryUnavailable } from '../../src/git/failures.ts';
import { catchUpImageClone } from '../../src/git/image-clone.ts';
import type { GitRunner } from '../../src/git/runner.ts';
import { makeCarryPlace, type CarryPlace } from './support/carry-place.ts';
import { viewOf, write } from './support/repositories.ts';

let place: CarryPlace;
/** The clone in the image, as its build left it. */
let image: string;
/** Somebody else's clone. */
let other: string;

beforeEach(async () => {
  place = await makeCarryPlace();
  other = await place.clone({ sessionBranch: 'main' });
  image = await place.clone({ sessionBranch: null });
  await write(image, 'node_modules/dependency/index.js', 'module.exports = 1;\n');
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

const inputOf = (changes: Partial<CloneInput> = {}) => place.cloneInput(image, changes);
const catchUp = async (changes: Partial<CloneInput> = {}, run: GitRunner = place.run) =>
  catchUpImageClone(run, inputOf(changes));

async function pushed(branch = 'main', path = 'README.md', content = '# Newer\n'): Promise<string> {
  await write(other, path, content);
  await place.git(other, 'add', '--all');
  await place.git(other, 'commit', '--quiet', '--allow-empty', '-m', 'Meanwhile');
  await place.git(other, 'push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`);
  return (await place.git(other, 'rev-parse', 'HEAD')).trim();
}

const refs = async (below: string): Promise<string[]> =>
  (await place.git(image, 'for-each-ref', '--format=%(refname)', below)).trim().split('\n');

/** What is at hand for a build that ended badly. */
async function leaveMess(): Promise<void> {
  await write(image, 'README.md', 'stashed\n');
  await place.git(image, 'stash');
  await place.git(image, 'checkout', '--quiet', '-b', 'junk');
  await write(image, 'run.sh', 'junk\n');
  await place.git(image, 'commit', '--quiet', '-a', '-m', 'Junk');
  await place.git(image, 'checkout', '--quiet', 'main');
  await write(image, 'run.sh', 'other junk\n');
  await place.git(image, 'commit', '--quiet', '-a', '-m', 'Other junk');
  await place.run(['-C', image, 'rebase', 'junk']);
  await write(image, 'src/app.js', 'staged\n');
  await place.git(image, 'add', 'src/app.js');
  await rm(join(image, 'src/lib/deep.js'));
  await write(image, 'dist/out.js', 'built\n');
}

describe('a clone of a repo image', () => {
  test('stands on the session’s branch at the newest head, with what the build installed', async () => {
    const head = await pushed();
    expect(await catchUp()).toEqual({ repository: 'project', branch: 'harvest/s1', head });
    expect(await place.git(image, 'status', '--porcelain')).toBe('');
    expect(await place.git(image, 'check-ignore', 'node_modules/dependency/index.js')).not.toBe('');
    expect((await viewOf(place, image)).files.has('node_modules/dependency/index.js')).toBe(true);
  });

  test('is as a new clone is, but for what git does not track', async () => {
    await leaveMess();
    await pushed();
    await catchUp();
    const fresh = await place.clone();
    const [there, wanted] = [await viewOf(place, image), await viewOf(place, fresh)];
    for (const path of ['node_modules/dependency/index.js', 'dist/out.js'])
      expect(there.files.delete(path)).toBe(true);
    expect({ ...there, status: '' }).toEqual({ ...wanted, status: '' });
    expect(there.status.split('\0').filter((entry) => !entry.startsWith('? '))).toEqual(['']);
    for (const args of [
      ['for-each-ref', '--format=%(refname) %(objectname) %(upstream)', 'refs/heads'],
      ['stash', 'list'],
    ])
      expect(await place.git(image, ...args)).toBe(await place.git(fresh, ...args));
    expect((await place.run(['-C', image, 'rebase', '--quit'])).exitCode).not.toBe(0);
  });

  test('goes on with the session’s branch when that was pushed before', async () => {
    const head = await pushed('harvest/s1');
    await pushed('harvest/s12');
    expect(await catchUp()).toMatchObject({ branch: 'harvest/s1', head });
    await place.git(other, 'push', '--quiet', 'origin', ':harvest/s1');
    const main = (await place.git(place.remote, 'rev-parse', 'main')).trim();
    expect(await catchUp()).toMatchObject({ branch: 'harvest/s1', head: main });
  });

  test('without a session’s branch stays on its own, at the newest head', async () => {
    await leaveMess();
    const head = await pushed();
    expect(await catchUp({ sessionBranch: null })).toEqual({ repository: 'project', branch: 'main', head });
    expect(await refs('refs/heads')).toEqual(['refs/heads/main']);
    expect((await place.git(image, 'rev-parse', '--abbrev-ref', '@{upstream}')).trim()).toBe('origin/main');
  });

  test('starts from another branch than it was built from', async () => {
    const head = await pushed('dev');
    expect(await catchUp({ branch: 'dev' })).toMatchObject({ branch: 'harvest/s1', head });
    expect(await refs('refs/heads')).toEqual(['refs/heads/dev', 'refs/heads/harvest/s1']);
  });

  test('fetches nothing but what the session starts from', async () => {
    await pushed('elsewhere');
    await catchUp();
    expect(await refs('refs/remotes')).not.toContain('refs/remotes/origin/elsewhere');
  });

  test('makes room for a branch that has the name of an old one as its folder', async () => {
    await pushed('feature');
    image = await place.clone({ sessionBranch: null });
    await place.git(other, 'push', '--quiet', 'origin', ':feature');
    const head = await pushed('feature/new');
    expect(await catchUp({ branch: 'feature/new' })).toMatchObject({ branch: 'harvest/s1', head });
  });

  test('gives way to a tracked file where something untracked has its name', async () => {
    await write(image, 'new', 'in the way\n');
    await write(image, 'deep/er/in-the-way', 'x');
    await pushed('main', 'new', 'tracked\n');
    const head = await pushed('main', 'deep/er', 'tracked\n');
    expect(await catchUp()).toMatchObject({ head });
    expect(await place.git(image, 'status', '--porcelain')).toBe('');
  });

  test('follows a branch whose history was rewritten', async () => {
    await place.git(other, 'reset', '--quiet', '--hard', 'HEAD^');
    const head = await pushed();
    expect(await catchUp()).toMatchObject({ head });
    expect(await place.git(image, 'rev-list', '--count', '--branches', '--not', '--remotes')).toBe('0\n');
  });

  test('takes the carried work of a session that was in a clone', async () => {
    await write(place.work, 'README.md', 'Changed\n');
    await write(place.work, 'new', 'x');
    await place.git(place.work, 'commit', '--quiet', '-a', '-m', 'Work');
    await write(place.work, 'src/app.js', 'uncommitted\n');
    const before = await viewOf(place, place.work);
    const carried = await place.carry(place.work);
    await pushed();
    // An attempt may end after it has brought the work back.
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await catchUp();
      await place.restore(carried, image);
      const after = await viewOf(place, image);
      expect(after.files.delete('node_modules/dependency/index.js')).toBe(true);
      expect(after).toEqual(before);
    }
  });

  test('comes to the same when it was cut after any of its commands', async () => {
    await leaveMess();
    const head = await pushed();
    let calls = Infinity;
    for (let cutAfter = 0; cutAfter < calls; cutAfter += 1) {
      let left = cutAfter;
      const cut: GitRunner = async (args, options) => {
        if (left === 0) throw new Error('cut');
        left -= 1;
        return place.run(args, options);
      };
      const whole = await catchUp({}, cut).then(
        () => true,
        () => false,
      );
      if (whole) calls = cutAfter;
      expect(await catchUp()).toMatchObject({ branch: 'harvest/s1', head });
      expect(await place.git(image, 'status', '--porcelain')).toBe('?? dist/\n');
      expect(await refs('refs/heads')).toEqual(['refs/heads/harvest/s1', 'refs/heads/main']);
    }
    expect(calls).toBeGreaterThan(6);
  });
});

describe('a folder of a repo image that is of no use', () => {
  test('because there is nothing in it, or nothing of git', async () => {
    await rm(image, { recursive: true });
    await mkdir(image);
    expect(await catchUp()).toBeNull();
    await writeFile(join(image, '.git'), 'gitdir: /nowhere\n');
    expect(await catchUp()).toBeNull();
  });

  test('because it is a clone of something else', async () => {
    await place.git(image, 'remote', 'set-url', 'origin', '/somewhere/else');
    expect(await catchUp()).toBeNull();
    await place.git(image, 'remote', 'set-url', 'origin', `${place.remote}/`);
    expect(await catchUp()).not.toBeNull();
  });

  test('because its clone was cut before it had anything', async () => {
    await rm(image, { recursive: true });
    await mkdir(image);
    await place.git(image, 'init', '--quiet', '--initial-branch=main');
    await place.git(image, 'remote', 'add', 'origin', place.remote);
    expect(await catchUp()).toBeNull();
  });

  test('because its objects are gone', async () => {
    await place.git(image, 'repack', '-a', '-d', '--quiet');
    await rm(join(image, '.git/objects/pack'), { recursive: true });
    expect(await catchUp()).toBeNull();
  });
});

describe('a clone of a repo image whose remote', () => {
  const failure = async (changes: Partial<CloneInput> = {}) =>
    catchUp(changes).then(
      () => null,
      (error: unknown) => (error instanceof RepositoryUnavailable ? error.failure : error),
    );

  test('has no such branch any more says so', async () => {
    await place.git(place.remote, 'update-ref', '-d', 'refs/heads/main');
    expect(await failure()).toEqual({
      kind: 'branch',
      message: `the repository ${place.remote} has no branch main`,
    });
  });

  test('is gone says so', async () => {
    await rm(place.remote, { recursive: true });
    expect(await failure()).toMatchObject({ kind: 'repository' });
  });
});

test('a clone without a session’s branch is on the branch it was asked for', async () => {
  const head = await pushed('dev');
  const directory = join(await place.folder(), 'project');
  const input = place.cloneInput(directory, { branch: 'dev', sessionBranch: null });
  expect(await cloneRepository(place.run, input)).toEqual({ repository: 'project', branch: 'dev', head });
  expect(await place.git(directory, 'branch', '--format=%(refname:short)')).toBe('dev\n');
});
