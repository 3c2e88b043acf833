/** Somebody else's clone of the session's repository, with a credential of its own, and pushes that no git program makes. */
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { flushPacket, packet } from '../../../../src/git/pkt-line.ts';
import type { GitResult } from '../../../../src/git/runner.ts';
import { type GitStand, succeed, token } from './git-stand.ts';

export const none = '0'.repeat(40);

export type Others = {
  directory: string;
  git(...args: string[]): Promise<GitResult>;
  /** A new commit on top of what the branch is on the server; resolves to it. */
  commitOn(branch: string): Promise<string>;
};

export async function cloneOfOthers(stand: GitStand): Promise<Others> {
  const directory = join(await stand.place.folder(), 'theirs');
  const url = stand.url.replace('http://', `http://grace:${token}@`);
  const git: Others['git'] = (...args) => stand.place.run(['-C', directory, ...args]);
  await succeed(stand.place.run(['clone', '--quiet', url, directory]));
  return {
    directory,
    git,
    commitOn: async (branch) => {
      await succeed(git('fetch', '--quiet', 'origin', branch));
      await succeed(git('checkout', '--quiet', '--detach', 'FETCH_HEAD'));
      await succeed(git('commit', '--quiet', '--allow-empty', '-m', 'Theirs'));
      await succeed(git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`));
      return succeed(git('rev-parse', 'HEAD'));
    },
  };
}

export type RawCommand = { ref: string; before: string; after: string };

/** A `git-receive-pack` request as the agent can write it itself, with every object of the new values. */
export async function rawPush(
  stand: GitStand,
  { commands, path = '0~/git-receive-pack' }: { commands: readonly RawCommand[]; path?: string },
): Promise<{ status: number; text: string }> {
  const lines = commands.map(({ ref, before, after }, at) =>
    packet(`${before} ${after} ${ref}${at === 0 ? '\0 report-status' : ''}`),
  );
  const stdin = commands.map(({ after }) => `${after}\n`).join('');
  const pack = await succeedRaw(
    stand.place.run(['-C', stand.directory, 'pack-objects', '--quiet', '--revs', '--stdout'], { stdin }),
  );
  const body = Buffer.concat([...lines, flushPacket, Buffer.from(pack, 'latin1')]);
  return post(stand, path, body);
}

/** The path goes out as it is: `fetch` would tidy it. */
async function post(stand: GitStand, path: string, body: Buffer): Promise<{ status: number; text: string }> {
  const request = http.request(stand.proxy.url, {
    method: 'POST',
    path: `/${stand.ticket}/${path}`,
    headers: { 'content-type': 'application/x-git-receive-pack-request' },
  });
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  request.end(body);
  const [response] = await answered;
  return { status: response.statusCode ?? 0, text: await text(response) };
}

async function succeedRaw(running: Promise<GitResult>): Promise<string> {
  const result = await running;
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return result.stdout;
}
