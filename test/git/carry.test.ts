import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CarriedWork } from '../../src/contracts/checkpoint.ts';
import { carryWork } from '../../src/git/carry.ts';
import { cloneRepository } from '../../src/git/clone.ts';
import { restoreWork, type RestoreResult } from '../../src/git/restore.ts';
import { makePlace, makeRemote, type Place, viewOf, write, writeProgram } from './support/repositories.ts';

let place: Place;
let remote: string;
let work: string;

beforeEach(async () => {
  place = await makePlace();
  remote = await makeRemote(place);
  work = await clone();
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

async function clone(): Promise<string> {
  const directory = join(await place.folder(), 'project');
  const input = { repository: 'project', url: remote, branch: 'main', sessionBranch: 'harvest/s1' };
  await cloneRepository(place.run, { ...input, directory });
  return directory;
}

type Carried = { work: CarriedWork; bundlePath: string | null };

/** Takes the work, and checks that taking it changed nothing at all. */
async function carry(directory = work): Promise<Carried> {
  const before = await untouchables(directory);
  const result = await carryWork(place.run, {
    repository: 'project',
    directory,
    temporaryDirectory: await place.folder(),
  });
  expect(await untouchables(directory)).toEqual(before);
  const bytes = result.bundlePath === null ? Buffer.alloc(0) : await readFile(result.bundlePath);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { work: { ...result.work, bytes: bytes.length, sha256 }, bundlePath: result.bundlePath };
}

async function untouchables(directory: string): Promise<unknown> {
  return {
    index: (await readFile(join(directory, '.git/index'))).toString('base64'),
    head: await readFile(join(directory, '.git/HEAD'), 'utf8'),
    refs: await place.git(directory, 'for-each-ref'),
    objects: await place.git(directory, 'count-objects', '-v'),
    config: await readFile(join(directory, '.git/config'), 'utf8'),
  };
}

async function restore(carried: Carried, directory: string): Promise<RestoreResult> {
  return restoreWork(place.run, {
    repository: 'project',
    directory,
    temporaryDirectory: await place.folder(),
    ...carried,
  });
}

/** Carries the work into a fresh clone, which must then be the same in every respect. */
async function expectCarried(): Promise<{ carried: Carried; restored: RestoreResult; directory: string }> {
  const before = await viewOf(place, work);
  const carried = await carry();
  const directory = await clone();
  const restored = await restore(carried, directory);
  expect(await viewOf(place, directory)).toEqual(before);
  return { carried, restored, directory };
}

describe('work is carried into a fresh clone exactly', () => {
  test('a clean repository whose commits are pushed needs no bundle', async () => {
    const { carried, restored } = await expectCarried();
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
    const { carried } = await expectCarried();
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
    const { restored } = await expectCarried();
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
    const { carried, directory } = await expectCarried();
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
    const { carried } = await expectCarried();
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
    await expectCarried();
  });

  test('a file that became a folder and a folder that became a link', async () => {
    await rm(join(work, 'README.md'));
    await write(work, 'README.md/inside', 'x');
    await rm(join(work, 'src'), { recursive: true });
    await symlink('README.md', join(work, 'src'));
    await expectCarried();
  });

  test('a branch without any commit', async () => {
    await place.git(work, 'checkout', '--quiet', '--orphan', 'fresh');
    await write(work, 'more', 'x');
    await expectCarried();
  });

  test('the same work gives the same bundle', async () => {
    await write(work, 'README.md', 'changed\n');
    const first = await carry();
    const second = await carry();
    expect(second.work).toEqual(first.work);
  });
});

describe('settings and attributes of a repository do not get in the way', () => {
  test('line ends, keywords and encodings of attributes are brought back byte by byte', async () => {
    await write(
      work,
      '.gitattributes',
      '*.txt text eol=crlf\n*.id ident\n*.u16 working-tree-encoding=UTF-16\n',
    );
    await place.git(work, 'add', '--all');
    await write(work, 'mixed.txt', 'unix\nwindows\r\nunix\n');
    await write(work, 'staged.txt', 'a\r\nb\r\n');
    await place.git(work, 'add', 'staged.txt');
    await write(work, 'key.id', '$Id$ and $Id: kept $\n');
    await write(work, 'wide.u16', Buffer.from('\uFEFFwide\n', 'utf16le'));
    const { directory } = await expectCarried();
    expect(await readFile(join(directory, 'mixed.txt'), 'latin1')).toBe('unix\nwindows\r\nunix\n');
  });

  test('hooks, filters that fail, signing, a file monitor and hidden untracked files', async () => {
    const trap = join(place.path, 'trap');
    for (const hook of ['pre-commit', 'post-checkout', 'reference-transaction', 'post-index-change']) {
      await writeProgram(work, `.git/hooks/${hook}`, `#!/bin/sh\ntouch '${trap}'\nexit 1\n`);
    }
    await writeProgram(work, '.git/monitor', `#!/bin/sh\ntouch '${trap}'\n`);
    const settings = {
      'commit.gpgSign': 'true',
      'gpg.program': '/bin/false',
      'core.fsmonitor': '.git/monitor',
      'status.showUntrackedFiles': 'no',
      'core.autocrlf': 'true',
      'core.splitIndex': 'true',
      'core.pager': `touch '${trap}'`,
      'diff.external': `touch '${trap}'`,
      'filter.broken.clean': `touch '${trap}'; false`,
      'filter.broken.smudge': `touch '${trap}'; false`,
      'filter.broken.required': 'true',
      'alias.status': `!touch '${trap}'`,
    };
    await write(work, '.gitattributes', '*.secret filter=broken\n');
    await write(work, 'a.secret', 'open\n');
    await write(work, 'untracked.txt', 'line\n');
    await write(work, 'README.md', 'changed\r\nlines\n');
    for (const [key, value] of Object.entries(settings)) await place.git(work, 'config', key, value);
    const carried = await carry();
    const directory = await clone();
    for (const [key, value] of Object.entries(settings)) await place.git(directory, 'config', key, value);
    const restored = await restore(carried, directory);
    expect(restored.notRestored).toEqual([]);
    expect(await readFile(join(directory, 'a.secret'), 'latin1')).toBe('open\n');
    expect(await readFile(join(directory, 'README.md'), 'latin1')).toBe('changed\r\nlines\n');
    expect(existsSync(join(directory, 'untracked.txt'))).toBe(true);
    expect(existsSync(trap)).toBe(false);
  });

  test('a repository with SHA-256 object names', async () => {
    const other = await place.folder();
    await place.git(other, 'init', '--quiet', '--bare', '--object-format=sha256', '--initial-branch=main');
    const first = await place.folder();
    await place.git(first, 'init', '--quiet', '--object-format=sha256', '--initial-branch=main');
    await write(first, 'a', 'a');
    await place.git(first, 'add', '--all');
    await place.git(first, 'commit', '--quiet', '-m', 'Begin');
    await place.git(first, 'push', '--quiet', other, 'main');
    remote = other;
    work = await clone();
    await write(work, 'a', 'b');
    await write(work, 'c', 'c');
    await expectCarried();
  });

  test('a shallow clone', async () => {
    const directory = join(await place.folder(), 'project');
    await place.git('/', 'clone', '--quiet', '--depth=1', '--branch=main', `file://${remote}`, directory);
    work = directory;
    await place.git(work, 'switch', '--quiet', '-c', 'harvest/s1');
    await write(work, 'one', '1');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'One');
    await write(work, 'two', '2');
    await expectCarried();
  });
});

describe('what is not carried is said', () => {
  test('ignored files, a repository inside, a merge in progress', async () => {
    await write(work, 'node_modules/left-pad/index.js', 'x');
    await write(work, 'debug.log', 'x');
    await mkdir(join(work, 'nested'));
    await place.git(join(work, 'nested'), 'init', '--quiet');
    await write(work, 'nested/file', 'x');
    await place.git(work, 'switch', '--quiet', '-c', 'theirs');
    await write(work, 'README.md', 'theirs\n');
    await place.git(work, 'commit', '--quiet', '-a', '-m', 'Theirs');
    await place.git(work, 'switch', '--quiet', 'harvest/s1');
    await write(work, 'README.md', 'ours\n');
    await place.git(work, 'commit', '--quiet', '-a', '-m', 'Ours');
    const merge = await place.run(['-C', work, 'merge', 'theirs']);
    expect(merge.exitCode).toBe(1);
    const conflicted = await readFile(join(work, 'README.md'), 'utf8');
    const carried = await carry();
    expect(carried.work.notCarried).toBe(
      'The merge in progress is not carried; its files are, as they are in the work tree. ' +
        'Conflicts are carried as ordinary changes: README.md. ' +
        'Repositories inside the repository are not carried: nested/. ' +
        'Files that git ignores are not carried: debug.log, node_modules/.',
    );
    const directory = await clone();
    const restored = await restore(carried, directory);
    expect(restored.notRestored).toEqual([carried.work.notCarried]);
    expect(await readFile(join(directory, 'README.md'), 'utf8')).toBe(conflicted);
    expect(existsSync(join(directory, 'nested'))).toBe(false);
  });

  test('a file above the limit is left behind, the others are carried', async () => {
    await write(work, 'dump', Buffer.alloc(50_000, 1));
    await write(work, 'small', 'x');
    const result = await carryWork(place.run, {
      repository: 'project',
      directory: work,
      temporaryDirectory: await place.folder(),
      limitBytes: 10_000,
    });
    expect(result.work.notCarried).toBe('Files that are too large are not carried: dump.');
    const directory = await clone();
    await restore({ ...result, work: { ...result.work, bytes: 1, sha256: '' } }, directory);
    expect(existsSync(join(directory, 'small'))).toBe(true);
    expect(existsSync(join(directory, 'dump'))).toBe(false);
  });

  test('changes inside a submodule', async () => {
    const inner = await makeRemote(place);
    const allow = ['-c', 'protocol.file.allow=always'];
    await place.git(work, ...allow, 'submodule', '--quiet', 'add', inner, 'inner');
    await place.git(work, 'commit', '--quiet', '-m', 'Add inner');
    await write(work, 'inner/README.md', 'changed\n');
    const carried = await carry();
    expect(carried.work.notCarried).toBe('Changes inside submodules are not carried: inner.');
    const directory = await clone();
    await restore(carried, directory);
    expect(await place.git(directory, 'ls-files', '--stage', 'inner')).toContain('160000');
  });

  test('work that builds on commits the remote has lost', async () => {
    await write(work, 'one', '1');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'One');
    await place.git(work, 'push', '--quiet', 'origin', 'harvest/s1');
    await write(work, 'two', '2');
    const carried = await carry();
    await place.git(remote, 'update-ref', '-d', 'refs/heads/harvest/s1');
    await place.git(remote, 'gc', '--quiet', '--prune=now');
    const directory = await clone();
    const before = await viewOf(place, directory);
    const restored = await restore(carried, directory);
    expect(restored.notRestored).toEqual([
      `The carried work builds on commits that the remote no longer has (${carried.work.head.slice(0, 12)}): it could not be brought back.`,
    ]);
    expect(restored).toMatchObject({ uncommittedFiles: 0, unpushedCommits: 0 });
    expect(await viewOf(place, directory)).toEqual(before);
  });

  test('a deleted branch whose commits the server still gives by name does no harm', async () => {
    await place.git(remote, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
    await write(work, 'one', '1');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'One');
    await place.git(work, 'push', '--quiet', 'origin', 'harvest/s1');
    await write(work, 'two', '2');
    await place.git(remote, 'update-ref', '-d', 'refs/heads/harvest/s1');
    await expectCarried();
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
  const carried = await carry();
  await restore(carried, snapshot);
  expect(await viewOf(place, snapshot)).toEqual(before);
  expect(existsSync(join(snapshot, 'node_modules/kept'))).toBe(true);
});
