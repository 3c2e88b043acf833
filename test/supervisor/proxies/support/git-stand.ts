/** A real git server with two repositories, the proxy before it for one of them, and the agent's git. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startGitServer, type GitServer } from '../../../../src/dev/git-server/server.ts';
import { gitEnvironment } from '../../../../src/git/environment.ts';
import type { GitResult } from '../../../../src/git/runner.ts';
import {
  type GitProxy,
  type Pushed,
  type PushRefused,
  startGitProxy,
} from '../../../../src/supervisor/proxies/git-proxy.ts';
import { createSessionPushRule } from '../../../../src/supervisor/proxies/session-push-rule.ts';
import { newTicket } from '../../../../src/supervisor/proxies/ticket.ts';
import { makePlace, makeRemote, type Place } from '../../../git/support/repositories.ts';

export const token = 'ghp_canary-token-of-this-test';

export type GitStand = AsyncDisposable & {
  place: Place;
  server: GitServer;
  proxy: GitProxy;
  ticket: string;
  /** The session's repository, and one that is not the session's. */
  url: string;
  otherUrl: string;
  /** The bare repository on the server's disk. */
  bare: string;
  pushed: Pushed[];
  refused: PushRefused[];
  /** How many pushes reached the server. */
  pushRequests: () => number;
  /** Git as the agent runs it. */
  agent(directory: string, ...args: string[]): Promise<GitResult>;
  /** The session's repository: where the rule looks for what is pushed. Empty until `cloneWithWork`. */
  directory: string;
  /** A clone by the agent on its branch, with one new commit. The newest is the session's repository. */
  cloneWithWork(): Promise<string>;
};

export async function startGitStand(options: { token?: string } = {}): Promise<GitStand> {
  const place = await makePlace();
  const directory = join(place.path, 'server');
  await mkdir(directory);
  const seed = await makeRemote(place);
  for (const name of ['project.git', 'project-two.git', 'other.git']) {
    await place.git(directory, 'clone', '--quiet', '--bare', seed, name);
  }
  const server = await startGitServer({ directory, token });
  const url = server.cloneUrl('project').replace(/\.git$/, '');
  const ticket = newTicket();
  const pushed: Pushed[] = [];
  const refused: PushRefused[] = [];
  const proxy = await startGitProxy({
    repositories: [{ name: 'project', url: `${url}.git` }],
    token: options.token ?? token,
    ticket,
    pushRule: createSessionPushRule({
      ownBranch: 'harvest/s1',
      directoryOf: () => stand.directory,
      run: place.run,
      ledger: new Map(),
      keep: () => undefined,
    }),
    onPush: (push) => pushed.push(push),
    onRefused: (refusal) => refused.push(refusal),
  });
  const user = { name: 'Ada', email: 'ada@example.org' };
  const environment = gitEnvironment({ user, insteadOf: proxy.insteadOf });
  const agent: GitStand['agent'] = (at, ...args) => place.run(['-C', at, ...args], { env: environment });
  const stand: GitStand = {
    place,
    directory: '',
    server,
    proxy,
    ticket,
    url: `${url}.git`,
    otherUrl: server.cloneUrl('other'),
    bare: join(directory, 'project.git'),
    pushed,
    refused,
    pushRequests: () =>
      server.requests.filter(({ operation, advertisement }) => operation === 'push' && !advertisement).length,
    agent,
    cloneWithWork: async () => {
      const clone = join(await place.folder(), 'project');
      await succeed(agent('/', 'clone', '--quiet', `${url}.git`, clone));
      await succeed(agent(clone, 'switch', '--quiet', '--no-track', '-c', 'harvest/s1'));
      await succeed(agent(clone, 'commit', '--quiet', '--allow-empty', '-m', 'Work'));
      stand.directory = clone;
      return clone;
    },
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await server.close();
      await place[Symbol.asyncDispose]();
    },
  };
  return stand;
}

export async function succeed(running: Promise<GitResult>): Promise<string> {
  const result = await running;
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return result.stdout.trim();
}
