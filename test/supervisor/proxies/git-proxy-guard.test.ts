/** No way around the proxy and none to the credential (I8), what goes wrong behind it, and what it does not understand. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { write } from '../../git/support/repositories.ts';
import { type GitStand, startGitStand, succeed, token } from './support/git-stand.ts';

let stand: GitStand;
beforeEach(async () => {
  stand = await startGitStand();
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

describe('the agent cannot go around the proxy', () => {
  const ways: { name: string; args: (at: GitStand) => string[] }[] = [
    { name: 'another repository by its true URL', args: (at) => [at.otherUrl, 'HEAD:refs/heads/harvest/x'] },
    {
      name: 'another repository through the proxy',
      args: (at) => [`${at.proxy.url}/${at.ticket}/1~`, 'HEAD'],
    },
    {
      name: 'another repository by a path with dots',
      args: (at) => [`${at.proxy.url}/${at.ticket}/0~/../other.git`, 'HEAD'],
    },
    {
      name: 'another repository by an escaped path',
      args: (at) => [`${at.proxy.url}/${at.ticket}/0~/%2e%2e/other.git`, 'HEAD'],
    },
    {
      name: 'another repository whose URL begins alike',
      args: (at) => [at.url.replace('project.git', 'project-two.git'), 'HEAD'],
    },
    {
      name: 'the true URL past insteadOf',
      args: (at) => [at.url.replace('127.0.0.1', 'localhost'), 'HEAD:main'],
    },
    { name: 'a wrong ticket', args: (at) => [`${at.proxy.url}/${at.ticket.slice(1)}x/0~`, 'HEAD'] },
    { name: 'no ticket', args: (at) => [`${at.proxy.url}/0~`, 'HEAD'] },
    { name: 'another program on the server', args: (at) => ['--receive-pack=/bin/sh', at.url, 'HEAD:main'] },
  ];
  test.each(ways)('$name', async ({ args }) => {
    const clone = await stand.cloneWithWork();
    const result = await stand.agent(clone, 'push', ...args(stand));
    expect(result.exitCode).not.toBe(0);
    expect(stand.pushed).toEqual([]);
    expect(stand.pushRequests()).toBe(0);
  });

  test('settings of the agent that send the URL elsewhere bring no credential there', async () => {
    const clone = await stand.cloneWithWork();
    const result = await stand.agent(
      clone,
      '-c',
      `url.${stand.server.url}/.insteadOf=https://example.org/`,
      'push',
      'https://example.org/project.git',
      'HEAD:main',
    );
    expect(result.exitCode).not.toBe(0);
    expect(stand.server.requests.at(-1)).toMatchObject({ authenticated: false });
  });

  test('nothing that git says or can be asked holds the token', async () => {
    const clone = await stand.cloneWithWork();
    const seen = await stand.place.run(['-C', clone, 'ls-remote', 'origin'], {
      env: {
        ...(await environmentOf(clone)),
        GIT_TRACE_CURL: '1',
        GIT_TRACE_CURL_NO_DATA: '0',
        GIT_TRACE_REDACT: '0',
      },
    });
    expect(seen.exitCode).toBe(0);
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
    for (const secret of [token, basic]) expect(`${seen.stdout}${seen.stderr}`).not.toContain(secret);
    const filled = await stand.place.run(['-C', clone, 'credential', 'fill'], {
      stdin: `url=${stand.url}\n\n`,
    });
    expect(filled.stdout).not.toContain(token);
  });

  async function environmentOf(clone: string): Promise<Record<string, string>> {
    const [insteadOf] = stand.proxy.insteadOf;
    await succeed(stand.agent(clone, 'config', `url.${insteadOf?.to}.insteadOf`, insteadOf?.from ?? ''));
    return { GIT_TERMINAL_PROMPT: '0' };
  }
});

test('a public repository whose URL begins like the session’s is fetched from where it is, without the token', async () => {
  const beside = stand.url.replace('project.git', 'project-two.git');
  const [insteadOf] = stand.proxy.insteadOf;
  const from = stand.url.replace(/\.git$/, '');
  const result = await stand.place.run(['ls-remote', beside], {
    env: {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${insteadOf?.to}.insteadOf`,
      GIT_CONFIG_VALUE_0: from,
      GIT_TERMINAL_PROMPT: '0',
    },
  });
  expect(result.exitCode).not.toBe(0);
  expect(stand.server.requests.at(-1)).toMatchObject({ repository: 'project-two', authenticated: false });
});

describe('what goes wrong behind the proxy', () => {
  test('a server that breaks off in mid-answer fails the clone', async () => {
    const clone = await stand.cloneWithWork();
    await write(clone, 'large', randomBytes(2_000_000));
    await succeed(stand.agent(clone, 'add', 'large'));
    await succeed(stand.agent(clone, 'commit', '--quiet', '-m', 'Large'));
    await succeed(stand.agent(clone, 'push', '--quiet', 'origin', 'HEAD'));
    stand.server.faults.cutNext(100_000);
    const result = await stand.agent(
      '/',
      'clone',
      '--quiet',
      stand.url,
      join(await stand.place.folder(), 'cut'),
    );
    expect(result.exitCode).not.toBe(0);
  });

  test('a push whose answer is cut is not told as one', async () => {
    const clone = await stand.cloneWithWork();
    stand.server.faults.delayMs = 1_000;
    const cut = stand.agent(clone, 'push', 'origin', 'HEAD');
    // The request is known before the delay, and the fault is taken after it.
    await expect.poll(stand.pushRequests, { interval: 5, timeout: 90_000 }).toBe(1);
    stand.server.faults.cutNext(1, 0);
    expect((await cut).exitCode).not.toBe(0);
    expect(stand.pushed).toEqual([]);
  });

  test('a server that is not there is said to be so', async () => {
    await stand.server.close();
    const result = await stand.agent('/', 'ls-remote', stand.url);
    expect(result.stderr).toContain('502');
    const response = await fetch(`${stand.proxy.url}/${stand.ticket}/0~/info/refs?service=git-upload-pack`);
    expect(await response.text()).toBe(`The server of ${stand.url} cannot be reached.\n`);
  });

  test('a wrong token ends as a refused credential', async () => {
    await using wrong = await startGitStand({ token: 'wrong' });
    const result = await wrong.agent('/', 'ls-remote', wrong.url);
    expect(result.stderr).toMatch(/could not read Username|Authentication failed/);
  });
});

describe('paths and pushes that are not understood', () => {
  test.each([
    ['GET', '0~/info/lfs/objects/batch'],
    ['POST', '0~/info/lfs/objects/batch'],
    ['GET', '0~/info/refs'],
    ['GET', '0~/info/refs?service=git-upload-pack&x=1'],
    ['GET', '0~//info/refs?service=git-upload-pack'],
    ['GET', '0~/HEAD'],
    ['PUT', '0~/git-receive-pack'],
    ['POST', '0~/git-receive-pack?x=1'],
    ['GET', '00000~/info/refs?service=git-upload-pack'],
    ['GET', '7~/info/refs?service=git-upload-pack'],
    ['GET', '0~/x/../../other.git/info/refs?service=git-upload-pack'],
  ])('%s %s answers 404', async (method, path) => {
    const response = await fetch(`${stand.proxy.url}/${stand.ticket}/${path}`, {
      method,
      redirect: 'manual',
    });
    expect(response.status).toBe(404);
    expect(stand.server.requests).toEqual([]);
  });

  const old = '0'.repeat(40);
  const next = 'a'.repeat(40);
  const line = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text;
  const report = '\0 report-status side-band-64k';
  test.each([
    ['no packets', 'hello, this is no push'],
    ['an end in mid-command', line(`${old} ${next} refs/heads/harvest/a${report}`).slice(0, 40)],
    ['a command in other words', `${line(`${old}  ${next} refs/heads/harvest/a${report}`)}0000`],
    [
      'a delimiter among the commands',
      `${line(`${old} ${next} refs/heads/harvest/a${report}`)}0001${line(`${old} ${next} refs/heads/main`)}0000`,
    ],
    ['a signed push', `${line(`push-cert${report}`)}${line(`${old} ${next} refs/heads/main\n`)}0000`],
    ['a push without a report', `${line(`${old} ${next} refs/heads/harvest/a`)}0000`],
    ['ids of two kinds', `${line(`${old} ${'a'.repeat(64)} refs/heads/harvest/a${report}`)}0000`],
  ])('%s is answered with a sentence and not passed on', async (_name, body) => {
    const url = `${stand.proxy.url}/${stand.ticket}/0~/git-receive-pack`;
    const response = await fetch(url, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/^This push is not passed on: .*\.\n$/);
    expect(stand.pushRequests()).toBe(0);
  });

  test('a compressed push is read before it is passed on', async () => {
    const body = `${line(`${old} ${next} refs/heads/main${report}`)}0000PACK`;
    const compressed = new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip')));
    const response = await fetch(`${stand.proxy.url}/${stand.ticket}/0~/git-receive-pack`, {
      method: 'POST',
      body: await compressed.arrayBuffer(),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(await response.text()).toContain('ng refs/heads/main');
    expect(stand.refused).toHaveLength(1);
    expect(stand.pushRequests()).toBe(0);
  });
});
