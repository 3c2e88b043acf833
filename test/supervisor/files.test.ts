import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  supervisorFilesSchema,
  type SupervisorFiles,
  type SupervisorFilesRequest,
} from '../../src/contracts/supervisor.ts';
import { readRepositoryFiles } from '../../src/supervisor/repositories/repository-files.ts';
import { parseSettings } from '../../src/supervisor/settings.ts';
import { TestSession } from './support/session.ts';
import { createWorld, type World } from './support/world.ts';

const wanted = (...paths: string[]): SupervisorFilesRequest['files'] =>
  paths.map((path) => ({ path, mostBytes: 1_000 }));

describe('files of a repository', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.prepare(world);
  });

  afterAll(async () => {
    await world.close();
  });

  const request = async (body: SupervisorFilesRequest): Promise<{ exitCode: number; body: string }> =>
    session.supervisor.client.request('POST', '/files', JSON.stringify(body));
  const read = async (files: SupervisorFilesRequest['files']): Promise<SupervisorFiles> =>
    supervisorFilesSchema.parse(JSON.parse((await request({ repository: 'fruit', files })).body));
  const refusal = async (body: SupervisorFilesRequest): Promise<unknown> =>
    (JSON.parse((await request(body)).body) as { error: unknown }).error;

  test('are there after the start, and in repositories of the session alone', async () => {
    expect(await refusal({ repository: 'fruit', files: [] })).toBe('not-started');
    await session.start({ agent: false, branch: null });
    expect(await refusal({ repository: 'nuts', files: [] })).toBe('unknown');
    expect(await read([])).toEqual({
      head: { repository: 'fruit', branch: 'main', head: expect.stringMatching(/^[0-9a-f]{40}$/) as string },
      files: {},
      blobIds: {},
    });
  });

  test('come with git’s names of them, as far as they are regular files', async () => {
    const script = [
      'printf "last word" > ü.txt; printf "" > empty; mkdir -p a/b; echo 1 > a/b/c; echo 1 > -n',
      'ln -s README.md link; ln -s nowhere dangling; ln -s loop loop; ln -s /etc/shadow shadow',
      'git add --all && git commit --quiet -m More',
      'mkfifo pipe; echo new > untracked; mkdir folder; echo 1 > closed; chmod 0 closed; echo x >> a/b/c',
    ].join('\n');
    await session.exec('make', ['sh', '-c', script]);
    const { head, files, blobIds } = await read(
      wanted(
        'README.md',
        'ü.txt',
        'empty',
        'a/b/c',
        '-n',
        'untracked',
        'link',
        'dangling',
        'loop',
        'shadow',
        'pipe',
        'folder',
        'closed',
        'a/b',
        'missing',
        '*',
        ':(glob)*',
      ),
    );
    const [, readme = ''] = Object.entries(files)[0] ?? [];
    expect(readme).toMatch(/^# fruit-\d+\n$/);
    expect(files).toEqual({
      'README.md': readme,
      'ü.txt': 'last word',
      empty: '',
      'a/b/c': '1\nx\n',
      '-n': '1\n',
      untracked: 'new\n',
      link: readme,
    });
    const git = (name: string): string =>
      execFileSync('git', ['hash-object', '--stdin'], { input: name, encoding: 'utf8' }).trim();
    expect(blobIds).toEqual({
      'README.md': git(readme),
      'ü.txt': git('last word'),
      empty: git(''),
      'a/b/c': git('1\n'),
      '-n': git('1\n'),
    });
    expect(head.head).toMatch(/^[0-9a-f]{40}$/);
  });

  test('have no more than was asked for', async () => {
    expect((await read([{ path: 'ü.txt', mostBytes: 4 }])).files).toEqual({ 'ü.txt': 'last' });
  });

  test.each(['', '/etc/passwd', '../fruit/README.md', 'a/../../x', 'a//b', './a', 'a/', 'a\0b'])(
    'are not read at %j',
    async (path) => {
      expect(await refusal({ repository: 'fruit', files: wanted(path) })).toBe('bad-request');
    },
  );
});

describe('files that keep their reader waiting', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'harvest-files-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const readWith = async (bounds: { timeoutMs: number; mostBytes: number }) => {
    const { uid, gid } = userInfo();
    const ids = ['--agent-uid', `${uid}`, '--agent-gid', `${gid}`];
    const path = `${folder}:/usr/bin:/bin`;
    const settings = parseSettings(['--state', folder, '--agent-path', path, '--agent-home', folder, ...ids]);
    const repository = { name: 'fruit', path: folder };
    return readRepositoryFiles({ settings, repository }, wanted('file', 'other'), bounds);
  };

  test('are given up after a while', async () => {
    await writeFile(join(folder, 'file'), '');
    // In place of the program that reads, as a pipe that takes the file's place would hold it.
    await writeFile(join(folder, 'head'), '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
    await expect(readWith({ timeoutMs: 300, mostBytes: 1_000 })).rejects.toMatchObject({ bound: 'time' });
  });

  test('or are too much are given up', async () => {
    await writeFile(join(folder, 'file'), 'x'.repeat(900));
    await symlink('file', join(folder, 'other'));
    await expect(readWith({ timeoutMs: 60_000, mostBytes: 1_500 })).rejects.toMatchObject({ bound: 'bytes' });
  });
});
