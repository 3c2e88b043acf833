/** What a repository may hold that carrying its work has to get past, and what cannot be carried, which is said. */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { carryWork } from '../../src/git/carry.ts';
import { type CarryPlace, expectCarried, makeCarryPlace } from './support/carry-place.ts';
import { makeRemote, viewOf, write, writeProgram } from './support/repositories.ts';

let place: CarryPlace;
let work: string;

beforeEach(async () => {
  place = await makeCarryPlace();
  ({ work } = place);
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
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
    const { directory } = await expectCarried(place);
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
    const carried = await place.carry(work);
    const directory = await place.clone();
    for (const [key, value] of Object.entries(settings)) await place.git(directory, 'config', key, value);
    const restored = await place.restore(carried, directory);
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
    work = await place.clone({ url: other });
    await write(work, 'a', 'b');
    await write(work, 'c', 'c');
    await expectCarried(place, work, other);
  });

  test('a shallow clone', async () => {
    const directory = join(await place.folder(), 'project');
    await place.git(
      '/',
      'clone',
      '--quiet',
      '--depth=1',
      '--branch=main',
      `file://${place.remote}`,
      directory,
    );
    work = directory;
    await place.git(work, 'switch', '--quiet', '-c', 'harvest/s1');
    await write(work, 'one', '1');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'One');
    await write(work, 'two', '2');
    await expectCarried(place, work);
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
    const carried = await place.carry(work);
    expect(carried.work.notCarried).toBe(
      'The merge in progress is not carried; its files are, as they are in the work tree. ' +
        'Conflicts are carried as ordinary changes: README.md. ' +
        'Repositories inside the repository are not carried: nested/. ' +
        'Files that git ignores are not carried: debug.log, node_modules/.',
    );
    const directory = await place.clone();
    const restored = await place.restore(carried, directory);
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
    const directory = await place.clone();
    await place.restore({ ...result, work: { ...result.work, bytes: 1, sha256: '' } }, directory);
    expect(existsSync(join(directory, 'small'))).toBe(true);
    expect(existsSync(join(directory, 'dump'))).toBe(false);
  });

  test('changes inside a submodule', async () => {
    const inner = await makeRemote(place);
    const allow = ['-c', 'protocol.file.allow=always'];
    await place.git(work, ...allow, 'submodule', '--quiet', 'add', inner, 'inner');
    await place.git(work, 'commit', '--quiet', '-m', 'Add inner');
    await write(work, 'inner/README.md', 'changed\n');
    const carried = await place.carry(work);
    expect(carried.work.notCarried).toBe('Changes inside submodules are not carried: inner.');
    const directory = await place.clone();
    await place.restore(carried, directory);
    expect(await place.git(directory, 'ls-files', '--stage', 'inner')).toContain('160000');
  });

  test('work that builds on commits the remote has lost', async () => {
    await write(work, 'one', '1');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'One');
    await place.git(work, 'push', '--quiet', 'origin', 'harvest/s1');
    await write(work, 'two', '2');
    const carried = await place.carry(work);
    await place.git(place.remote, 'update-ref', '-d', 'refs/heads/harvest/s1');
    await place.git(place.remote, 'gc', '--quiet', '--prune=now');
    const directory = await place.clone();
    const before = await viewOf(place, directory);
    const restored = await place.restore(carried, directory);
    expect(restored.notRestored).toEqual([
      `The carried work builds on commits that the remote no longer has (${carried.work.head.slice(0, 12)}): it could not be brought back.`,
    ]);
    expect(restored).toMatchObject({ uncommittedFiles: 0, unpushedCommits: 0 });
    expect(await viewOf(place, directory)).toEqual(before);
  });

  test('a deleted branch whose commits the server still gives by name does no harm', async () => {
    await place.git(place.remote, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
    await write(work, 'one', '1');
    await place.git(work, 'add', '--all');
    await place.git(work, 'commit', '--quiet', '-m', 'One');
    await place.git(work, 'push', '--quiet', 'origin', 'harvest/s1');
    await write(work, 'two', '2');
    await place.git(place.remote, 'update-ref', '-d', 'refs/heads/harvest/s1');
    await expectCarried(place);
  });
});
