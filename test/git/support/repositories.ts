/** Real repositories in a temporary folder: a bare remote, clones of it, and git run as the supervisor would run it. */
import { spawn } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitResult, GitRunner } from '../../../src/git/runner.ts';

export type Place = AsyncDisposable & {
  path: string;
  run: GitRunner;
  /** Ordinary git, as the agent calls it; throws on failure. */
  git(directory: string, ...args: string[]): Promise<string>;
  /** A new empty folder. */
  folder(): Promise<string>;
};

export async function makePlace(extraEnvironment: Record<string, string> = {}): Promise<Place> {
  const path = await mkdtemp(join(tmpdir(), 'harvest-git-'));
  const home = join(path, 'home');
  await mkdir(home);
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
    ...extraEnvironment,
  };
  const run: GitRunner = (args, options = {}) =>
    runProgram([options.program ?? 'git', ...args], {
      env: { ...environment, ...options.env },
      stdin: options.stdin,
    });
  let folders = 0;
  return {
    path,
    run,
    git: async (directory, ...args) => {
      const result = await run(['-C', directory, ...args]);
      if (result.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`);
      return result.stdout;
    },
    folder: async () => {
      folders += 1;
      const folder = join(path, `folder-${folders}`);
      await mkdir(folder);
      return folder;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export async function runProgram(
  argv: readonly string[],
  options: { env: Record<string, string>; stdin?: string | undefined },
): Promise<GitResult> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(Buffer.from(options.stdin ?? '', 'latin1'));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 255));
  });
  return {
    exitCode,
    stdout: Buffer.concat(stdout).toString('latin1'),
    stderr: Buffer.concat(stderr).toString('utf8'),
  };
}

/** Files as `path → mode and content`, without `.git`. Folders are told only by what is in them. Paths are latin1. */
async function filesOf(directory: string, below = ''): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const bytesOf = (path: string): Buffer => Buffer.from(`${directory}/${path}`, 'latin1');
  for (const name of (await readdir(bytesOf(below), { encoding: 'latin1' })).sort()) {
    if (below === '' && name === '.git') continue;
    const path = join(below, name);
    const full = bytesOf(path);
    const stat = await lstat(full);
    if (stat.isDirectory()) for (const [key, value] of await filesOf(directory, path)) files.set(key, value);
    else if (stat.isSymbolicLink()) files.set(path, `link ${await readlink(full)}`);
    else
      files.set(
        path,
        `${stat.mode & 0o100 ? 'executable' : 'file'} ${(await readFile(full)).toString('base64')}`,
      );
  }
  return files;
}

export type View = {
  status: string;
  staged: string;
  unstaged: string;
  index: string;
  files: Map<string, string>;
  head: string;
  branch: string;
};

/** Everything that must be the same after work was carried. */
export async function viewOf(place: Place, directory: string): Promise<View> {
  const branch = await place.run(['-C', directory, 'symbolic-ref', '-q', 'HEAD']);
  const head = await place.run(['-C', directory, 'rev-parse', '-q', '--verify', 'HEAD']);
  const against = head.exitCode === 0 ? ['HEAD'] : [];
  return {
    status: await place.git(directory, 'status', '--porcelain=v2', '--untracked-files=all', '-z'),
    staged: await place.git(directory, 'diff', '--cached', '--binary', '--no-renames', ...against),
    unstaged: await place.git(directory, 'diff', '--binary', '--no-renames'),
    index: await place.git(directory, 'ls-files', '--stage', '-z'),
    files: await filesOf(directory),
    head: head.stdout.trim(),
    branch: branch.stdout.trim(),
  };
}

export async function write(directory: string, path: string, content: string | Uint8Array): Promise<void> {
  const full = join(directory, path);
  await mkdir(join(full, '..'), { recursive: true });
  await writeFile(full, content);
}

export async function writeProgram(directory: string, path: string, content: string): Promise<void> {
  await write(directory, path, content);
  await chmod(join(directory, path), 0o755);
}

/** A bare remote with a small history on `main`. */
export async function makeRemote(place: Place): Promise<string> {
  const remote = await place.folder();
  const work = await place.folder();
  await place.git(remote, 'init', '--quiet', '--bare', '--initial-branch=main');
  await place.git(work, 'init', '--quiet', '--initial-branch=main');
  await write(work, 'README.md', '# A project\n');
  await write(work, 'src/app.js', 'console.log(1);\n');
  await write(work, 'src/lib/deep.js', 'export {};\n');
  await writeProgram(work, 'run.sh', '#!/bin/sh\n');
  await write(work, 'image.bin', Buffer.from([0, 1, 2, 255, 254, 10, 13, 10]));
  await write(work, '.gitignore', 'node_modules/\n*.log\n');
  await place.git(work, 'add', '--all');
  await place.git(work, 'commit', '--quiet', '-m', 'Begin');
  await write(work, 'README.md', '# A project\n\nWith a history.\n');
  await place.git(work, 'commit', '--quiet', '-a', '-m', 'Say more');
  await place.git(work, 'push', '--quiet', remote, 'main');
  return remote;
}
