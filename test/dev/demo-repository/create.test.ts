import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDemoRepository } from '../../../src/dev/demo-repository/create.ts';
import { git } from '../../../src/dev/demo-repository/git.ts';
import { floorLine, roundingLine } from '../../../src/dev/demo-repository/package-files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'demo-repository-test-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function clone(): Promise<string> {
  await createDemoRepository({ directory, name: 'demo' });
  await git(directory, ['clone', '--quiet', 'demo.git', 'clone']);
  return join(directory, 'clone');
}

/** The exit code and the output of a command in the clone, with this Node's folder first on PATH. */
async function run(command: string, args: string[], cwd: string) {
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: directory };
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, env });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, output: stdout };
  }
}

test('the repository is bare and has a history by several people', async () => {
  const { path, branch, head } = await createDemoRepository({ directory, name: 'demo' });
  expect(path).toBe(join(directory, 'demo.git'));
  expect(await git(path, ['rev-parse', '--is-bare-repository'])).toBe('true');
  expect(await git(path, ['symbolic-ref', 'HEAD'])).toBe(`refs/heads/${branch}`);
  const authors = (await git(path, ['log', '--format=%an'])).split('\n');
  expect(authors).toHaveLength(5);
  expect(new Set(authors).size).toBe(3);
  expect(await git(path, ['rev-parse', 'HEAD'])).toBe(head);
  await git(path, ['fsck', '--strict']);
});

test('the same commits are made every time', async () => {
  const first = await createDemoRepository({ directory, name: 'first' });
  const second = await createDemoRepository({ directory, name: 'second' });
  expect(first.head).toBe(second.head);
});

test('a repository that is there already is not touched', async () => {
  const { path, head } = await createDemoRepository({ directory, name: 'demo' });
  await expect(createDemoRepository({ directory, name: 'demo' })).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await git(path, ['rev-parse', 'HEAD'])).toBe(head);
});

test('exactly one test fails, and the edit of the story makes it pass', async () => {
  const work = await clone();
  const before = await run('npm', ['test'], work);
  expect(before.code).toBe(1);
  expect(before.output).toMatch(/fail 1\b/);
  expect(before.output).toMatch(/pass 5\b/);
  expect(before.output).toContain('a second short of an hour is not rounded up');
  const file = join(work, 'src', 'format-duration.js');
  const code = await readFile(file, 'utf8');
  await writeFile(file, code.replace(roundingLine, floorLine));
  expect(await run('npm', ['test'], work)).toMatchObject({
    code: 0,
    output: expect.stringMatching(/pass 6\b/),
  });
});

test('the lockfile is one: npm ci installs from it without a network', async () => {
  const work = await clone();
  expect(await run('npm', ['ci', '--offline', '--no-audit', '--no-fund'], work)).toMatchObject({ code: 0 });
  expect(await git(work, ['status', '--short'])).toBe('');
});
