/** An agent that wants to break Safe-Carry-Forward: with requests of its own, other spellings, flags and its environment. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GitStand, startGitStand, succeed } from './support/git-stand.ts';
import { cloneOfOthers, none, type Others, rawPush } from './support/others.ts';

const ownRef = 'refs/heads/harvest/s1';
let stand: GitStand;
let clone: string;
let others: Others;

beforeEach(async () => {
  stand = await startGitStand();
  clone = await stand.cloneWithWork();
  others = await cloneOfOthers(stand);
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const agent = (...args: string[]): Promise<string> => succeed(stand.agent(clone, ...args));
const refsOnServer = (): Promise<string> => stand.place.git(stand.bare, 'for-each-ref');
const onServer = async (ref: string): Promise<string> =>
  (await stand.place.git(stand.bare, 'rev-parse', ref)).trim();

/** Own branch pushed, then a commit of others on top; the agent has a rewritten one. */
async function afterOthersPushed(): Promise<{ mine: string; theirs: string; rewritten: string }> {
  await agent('push', '--quiet', 'origin', 'HEAD');
  const mine = await agent('rev-parse', 'HEAD');
  const theirs = await others.commitOn('harvest/s1');
  await agent('fetch', '--quiet', 'origin');
  await agent('commit', '--quiet', '--amend', '--allow-empty', '-m', 'Rewritten');
  return { mine, theirs, rewritten: await agent('rev-parse', 'HEAD') };
}

describe('a request written by hand', () => {
  test('without any fetch before does not reach main', async () => {
    const before = await refsOnServer();
    const after = await agent('rev-parse', 'HEAD');
    const main = await agent('rev-parse', 'origin/main');
    const answer = await rawPush(stand, { commands: [{ ref: 'refs/heads/main', before: main, after }] });
    expect(answer.text).toContain('ng refs/heads/main only branches below harvest/');
    expect([await refsOnServer(), stand.pushRequests()]).toEqual([before, 0]);
  });

  test('with the old value of the session’s last push is refused by the server, which has another', async () => {
    const { mine, theirs, rewritten } = await afterOthersPushed();
    const answer = await rawPush(stand, { commands: [{ ref: ownRef, before: mine, after: rewritten }] });
    expect(answer.text).toContain(`ng ${ownRef}`);
    expect([await onServer(ownRef), stand.pushed.length]).toEqual([theirs, 1]);
  });

  test.each([
    ['as if the branch were new', none],
    ['with an old value out of the air', 'a'.repeat(40)],
  ])('%s changes nothing', async (_name, before) => {
    const { theirs, rewritten } = await afterOthersPushed();
    const answer = await rawPush(stand, { commands: [{ ref: ownRef, before, after: rewritten }] });
    expect(answer.text).toContain(`ng ${ownRef}`);
    expect(await onServer(ownRef)).toBe(theirs);
  });

  test('that moves the branch nowhere does not make the commits of others the session’s', async () => {
    const { theirs, rewritten } = await afterOthersPushed();
    await rawPush(stand, { commands: [{ ref: ownRef, before: theirs, after: theirs }] });
    const answer = await rawPush(stand, { commands: [{ ref: ownRef, before: theirs, after: rewritten }] });
    expect(answer.text).toMatch(/ng \S+ (commits of others|the server has)/);
    expect(await onServer(ownRef)).toBe(theirs);
  });

  test('that names a ref twice, so that its report has two meanings, is not passed on', async () => {
    const { mine, theirs } = await afterOthersPushed();
    const before = stand.pushRequests();
    const answer = await rawPush(stand, {
      commands: [
        { ref: ownRef, before: mine, after: theirs },
        { ref: ownRef, before: theirs, after: theirs },
      ],
    });
    expect(answer).toEqual({
      status: 400,
      text: 'This push is not passed on: a push that names a ref twice.\n',
    });
    expect(stand.pushRequests()).toBe(before);
  });

  test.each(['refs/heads/harvest/S1', 'refs/heads/harvest/./s1', 'refs/heads//harvest/s1'])(
    'for its own branch in the spelling %s wins no right to rewrite',
    async (ref) => {
      const { theirs, rewritten } = await afterOthersPushed();
      const answer = await rawPush(stand, { commands: [{ ref, before: theirs, after: rewritten }] });
      expect(answer.text).toContain(`ng ${ref}`);
      expect(await onServer(ownRef)).toBe(theirs);
    },
  );
});

describe('the repository’s address in another spelling', () => {
  test('with .git the same rule holds', async () => {
    const url = `${stand.proxy.url}/${stand.ticket}/0~.git`;
    const result = await stand.agent(clone, 'push', url, 'HEAD:refs/heads/main');
    expect(result.stderr).toContain('only branches below harvest/');
    expect(stand.pushRequests()).toBe(0);
  });

  test.each([
    '0~.GIT/git-receive-pack',
    '0~//git-receive-pack',
    '/0~/git-receive-pack',
    '0~/./git-receive-pack',
    '0~%2fgit-receive-pack',
    '0%7E/git-receive-pack',
    '0~/git-receive-pack/',
    '0~/git%2Dreceive-pack',
    '0~/GIT-RECEIVE-PACK',
    '0~/git-receive-pack?service=git-upload-pack',
  ])('%s is no address', async (path) => {
    const after = await agent('rev-parse', 'HEAD');
    const command = { ref: 'refs/heads/main', before: none, after };
    expect((await rawPush(stand, { commands: [command], path })).status).toBe(404);
    expect(stand.pushRequests()).toBe(0);
  });

  test('that of the server itself, past the proxy, has no credential', async () => {
    const before = await refsOnServer();
    const environments: Record<string, string>[] = [
      { GIT_CONFIG_COUNT: '0' },
      {
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: `url.${stand.url}.insteadOf`,
        GIT_CONFIG_VALUE_0: 'session:',
      },
      {
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: `url.${stand.url}.pushInsteadOf`,
        GIT_CONFIG_VALUE_0: stand.url,
      },
    ];
    for (const env of environments) {
      const to = env['GIT_CONFIG_VALUE_0'] ?? stand.url;
      const args = ['-C', clone, 'push', '--force', to, 'HEAD:refs/heads/main'];
      const result = await stand.place.run(args, { env: { GIT_TERMINAL_PROMPT: '0', ...env } });
      expect(result.stderr).toContain('could not read Username');
      expect(stand.server.requests.at(-1)).toMatchObject({ authenticated: false });
    }
    expect(await refsOnServer()).toBe(before);
  });
});

describe('flags of git', () => {
  test.each([
    ['--force-with-lease on a wrong expectation', ['--force-with-lease=harvest/s1:main', 'HEAD']],
    ['--force-if-includes', ['--force-with-lease', '--force-if-includes', 'HEAD']],
    ['--mirror', ['--mirror']],
    ['--prune', ['--prune', 'refs/heads/*:refs/heads/*']],
    ['--all --force', ['--all', '--force']],
    ['--no-verify --force', ['--no-verify', '--force', 'HEAD']],
    ['--delete', ['--delete', 'harvest/s1']],
    ['--atomic with main beside it', ['--atomic', '--force', 'HEAD', 'HEAD:refs/heads/main']],
    ['--follow-tags', ['--force', '--follow-tags', 'HEAD']],
  ])('%s', async (_name, args) => {
    const { theirs } = await afterOthersPushed();
    await agent('tag', '-a', '-m', 'v1', 'v1');
    const before = await refsOnServer();
    const result = await stand.agent(clone, 'push', 'origin', ...args);
    expect(result.exitCode).not.toBe(0);
    expect(await refsOnServer()).toBe(before);
    expect(await onServer(ownRef)).toBe(theirs);
  });

  test('one allowed branch beside a refused one: neither is moved', async () => {
    await afterOthersPushed();
    const before = await refsOnServer();
    const result = await stand.agent(
      clone,
      'push',
      '--force',
      'origin',
      'HEAD',
      'HEAD:refs/heads/harvest/new',
    );
    expect(result.stderr).toContain('harvest/new (another ref of the same push is refused)');
    expect(await refsOnServer()).toBe(before);
  });
});
