import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git as plainGit } from '../../../src/dev/demo-repository/git.ts';
import { startGitServer, type GitServer } from '../../../src/dev/git-server/server.ts';

export const token = 'a-token:with/odd%signs';

export type TestServer = {
  server: GitServer;
  directory: string;
  /** A folder for clones. */
  work: string;
  /** The clone URL with a password in it. */
  urlWith(name: string, password: string): string;
} & AsyncDisposable;

/** A git server with an empty bare repository `project`. */
export async function startServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'git-server-'));
  const work = await mkdtemp(join(tmpdir(), 'git-server-work-'));
  await git(directory, 'init', '--quiet', '--bare', '--initial-branch=main', 'project.git');
  const server = await startGitServer({ directory, token });
  return {
    server,
    directory,
    work,
    urlWith: (name, password) => {
      const url = new URL(server.cloneUrl(name));
      url.username = 'someone';
      url.password = encodeURIComponent(password);
      return url.href;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
      await rm(work, { recursive: true, force: true });
    },
  };
}

const author = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

export async function git(directory: string, ...args: string[]): Promise<string> {
  return plainGit(directory, args, author);
}

/** Commands that run `git` until they end or are killed. */
export function gitProcess(directory: string, ...args: string[]) {
  return spawn('git', args, {
    cwd: directory,
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
    },
  });
}
