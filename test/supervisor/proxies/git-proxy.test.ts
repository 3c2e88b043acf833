/** What the session may do at its git server, and the pushes that the rule refuses. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { write } from '../../git/support/repositories.ts';
import { type GitStand, startGitStand, succeed } from './support/git-stand.ts';

let stand: GitStand;
beforeEach(async () => {
  stand = await startGitStand();
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const refsOf = (at: GitStand): Promise<string> => at.place.git(at.bare, 'for-each-ref');

describe('what the session may do', () => {
  test('clones, pushes its branch and tells the push from the wire', async () => {
    const clone = await stand.cloneWithWork();
    await succeed(stand.agent(clone, 'push', '--quiet', 'origin', 'HEAD'));
    const first = await succeed(stand.agent(clone, 'rev-parse', 'HEAD'));
    expect(await succeed(stand.agent(clone, 'remote', 'get-url', '--push', 'origin'))).toContain('127.0.0.1');
    expect(await succeed(stand.agent(clone, 'config', 'remote.origin.url'))).toBe(stand.url);
    await succeed(stand.agent(clone, 'commit', '--quiet', '--allow-empty', '-m', 'More'));
    const second = await succeed(stand.agent(clone, 'rev-parse', 'HEAD'));
    await succeed(stand.agent(clone, 'push', '--quiet'));
    expect(stand.pushed).toEqual([
      { repository: 'project', ref: 'refs/heads/harvest/s1', before: '0'.repeat(40), after: first },
      { repository: 'project', ref: 'refs/heads/harvest/s1', before: first, after: second },
    ]);
    expect((await stand.place.git(stand.bare, 'rev-parse', 'harvest/s1')).trim()).toBe(second);
    expect(await succeed(stand.agent(clone, 'log', '-1', '--format=%an <%ae>'))).toBe(
      'Ada <ada@example.org>',
    );
  });

  test('force-pushes its own branch, several at once, and fetches without `.git` in the URL', async () => {
    const clone = await stand.cloneWithWork();
    await succeed(stand.agent(clone, 'push', '--quiet', 'origin', 'HEAD', 'HEAD:refs/heads/harvest/ä/two'));
    await succeed(stand.agent(clone, 'commit', '--quiet', '--amend', '--allow-empty', '-m', 'Other'));
    await succeed(stand.agent(clone, 'push', '--quiet', '--force', 'origin', 'HEAD'));
    await succeed(stand.agent(clone, 'fetch', '--quiet', stand.url.replace(/\.git$/, ''), 'main'));
    expect(stand.pushed.map((push) => push.ref)).toEqual([
      'refs/heads/harvest/s1',
      'refs/heads/harvest/ä/two',
      'refs/heads/harvest/s1',
    ]);
  });

  test('pushes 20 MB in a stream', async () => {
    const clone = await stand.cloneWithWork();
    await write(clone, 'large', randomBytes(20_000_000));
    await succeed(stand.agent(clone, 'add', 'large'));
    await succeed(stand.agent(clone, 'commit', '--quiet', '-m', 'Large'));
    await succeed(stand.agent(clone, 'push', '--quiet', 'origin', 'HEAD'));
    expect(stand.pushed).toHaveLength(1);
    const again = join(await stand.place.folder(), 'again');
    await succeed(stand.agent('/', 'clone', '--quiet', '--branch=harvest/s1', stand.url, again));
  });

  test('a push that the server itself refuses is not told as one', async () => {
    await stand.place.git(stand.bare, 'config', 'receive.denyNonFastForwards', 'true');
    const clone = await stand.cloneWithWork();
    await succeed(stand.agent(clone, 'push', '--quiet', 'origin', 'HEAD'));
    await succeed(stand.agent(clone, 'commit', '--quiet', '--amend', '--allow-empty', '-m', 'Other'));
    const result = await stand.agent(
      clone,
      'push',
      '--force',
      'origin',
      'HEAD',
      'HEAD:refs/heads/harvest/new',
    );
    expect(result.exitCode).toBe(1);
    expect(stand.pushed.map((push) => push.ref)).toEqual(['refs/heads/harvest/s1', 'refs/heads/harvest/new']);
  });
});

describe('pushes outside the rule are refused before anything reaches the server', () => {
  const rule = 'only branches below harvest/ may be pushed from this session: push to harvest/s1 instead';
  const cases: { name: string; args: string[]; reason: string; ref: string }[] = [
    { name: 'the main branch', args: ['HEAD:main'], ref: 'refs/heads/main', reason: rule },
    {
      name: 'the main branch by force',
      args: ['--force', 'HEAD:main'],
      ref: 'refs/heads/main',
      reason: rule,
    },
    {
      name: 'a tag',
      args: ['HEAD:refs/tags/v1'],
      ref: 'refs/tags/v1',
      reason: 'tags are not pushed from a session: push the commit to harvest/s1 instead',
    },
    { name: 'a ref of another kind', args: ['HEAD:refs/pull/1/head'], ref: 'refs/pull/1/head', reason: rule },
    {
      name: 'a branch that only begins alike',
      args: ['HEAD:harvester'],
      ref: 'refs/heads/harvester',
      reason: rule,
    },
    { name: 'deleting the main branch', args: [':main'], ref: 'refs/heads/main', reason: rule },
    {
      name: 'push options',
      args: ['-o', 'merge', 'HEAD'],
      ref: 'refs/heads/harvest/s1',
      reason: 'push options are not allowed in this session',
    },
    { name: 'an atomic push', args: ['--atomic', 'HEAD:main'], ref: 'refs/heads/main', reason: rule },
  ];
  test.each(cases)('$name', async ({ args, reason, ref }) => {
    await stand.place.git(stand.bare, 'config', 'receive.advertisePushOptions', 'true');
    const clone = await stand.cloneWithWork();
    const before = await refsOf(stand);
    const result = await stand.agent(clone, 'push', 'origin', ...args);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`(${reason})`);
    expect(result.stderr).toContain('Harvest refused this push; nothing was sent to the server.');
    expect(stand.refused).toContainEqual({ repository: 'project', ref, reason });
    expect(await refsOf(stand)).toBe(before);
    expect([stand.pushed, stand.pushRequests()]).toEqual([[], 0]);
  });

  test('deleting its own branch', async () => {
    const clone = await stand.cloneWithWork();
    await succeed(stand.agent(clone, 'push', '--quiet', 'origin', 'HEAD'));
    const result = await stand.agent(clone, 'push', 'origin', ':harvest/s1');
    expect(result.stderr).toContain('(branches are not deleted from a session, except its own checkpoints');
    expect(await refsOf(stand)).toContain('refs/heads/harvest/s1');
  });

  test('one forbidden ref among allowed ones, with a large pack behind them', async () => {
    const clone = await stand.cloneWithWork();
    await write(clone, 'large', randomBytes(3_000_000));
    await succeed(stand.agent(clone, 'add', 'large'));
    await succeed(stand.agent(clone, 'commit', '--quiet', '-m', 'Large'));
    const before = await refsOf(stand);
    const result = await stand.agent(clone, 'push', 'origin', 'HEAD', 'HEAD:main', 'HEAD:refs/tags/v1');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('(another ref of the same push is refused)');
    expect(stand.refused.map((refusal) => refusal.ref).sort()).toEqual([
      'refs/heads/harvest/s1',
      'refs/heads/main',
      'refs/tags/v1',
    ]);
    expect(await refsOf(stand)).toBe(before);
    // Git asks with an empty push before a large one; that one goes on to the server.
    expect(stand.pushed).toEqual([]);
  });

  test('a mirror push of a hundred refs', async () => {
    const clone = await stand.cloneWithWork();
    const head = await succeed(stand.agent(clone, 'rev-parse', 'HEAD'));
    const refs = Array.from({ length: 100 }, (_, at) => `create refs/heads/branch-number-${at} ${head}\n`);
    await stand.place.run(['-C', clone, 'update-ref', '--stdin'], { stdin: refs.join('') });
    const result = await stand.agent(clone, 'push', '--mirror', 'origin');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`branch-number-0 (${rule})`);
    expect(result.stderr).toContain('branch-number-99 (another ref of the same push is refused)');
    expect(stand.pushRequests()).toBe(0);
  });
});
