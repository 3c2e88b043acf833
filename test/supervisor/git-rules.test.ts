import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { uncommittedWorkIn } from '../../src/supervisor/agent-session/uncommitted-work.ts';
import { parseSettings, type Settings } from '../../src/supervisor/settings.ts';
import { eventsOf, recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { commandOf, createWorld, gitEnvironment, type World } from './support/world.ts';

describe('the agent’s git, with the real agent', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world);
  });

  afterAll(async () => {
    await world.close();
  });

  test('a pull is not run but answered with what to do instead, and the turn goes on', async () => {
    const followed = await session.turn('t1', [
      '!bash touch before.txt; git pull; touch after.txt',
      '!bash echo still here > next.txt',
      '!say Done.',
    ]);
    expect(recordOf(followed, 'turn.ended')).toMatchObject({
      outcome: { status: 'completed' },
      answer: 'Done.',
    });
    const [refused, next] = eventsOf(followed, 'tool.finished');
    expect(refused).toMatchObject({ isError: true });
    expect(JSON.stringify(refused)).toContain('git rebase origin/<branch>');
    expect(next).toMatchObject({ isError: false });
    expect(session.modelRequests().at(-1)).toContain('git rebase origin/<branch>');
    expect(session.file('next.txt')).toBe('still here\n');
    expect(() => session.file('before.txt')).toThrow('ENOENT');
  });

  test('a hard reset is run only where it throws nothing away', async () => {
    const followed = await session.turn('t2', [
      '!bash git add next.txt && git commit -qm "Add a file"',
      '!bash echo changed > next.txt',
      '!bash git reset --hard -q && touch reset.txt',
      '!bash git add -A && git commit -qn -m "wip: snapshot before reset"',
      '!bash git reset --hard -q HEAD^ && touch reset.txt',
      '!say Done.',
    ]);
    const results = eventsOf(followed, 'tool.finished').map((result) => JSON.stringify(result));
    expect(results[2]).toContain('Take a snapshot first');
    expect(results.filter((result) => result.includes('Take a snapshot'))).toHaveLength(1);
    expect(session.file('next.txt')).toBe('still here\n');
    expect(session.file('reset.txt')).toBe('');
  });

  test('a push to a branch that is not the session’s is the git proxy’s to refuse', async () => {
    const followed = await session.turn('t3', ['!bash git push origin HEAD:main', '!say Done.']);
    const [refused] = eventsOf(followed, 'tool.finished');
    expect(refused).toMatchObject({ isError: true });
    expect(eventsOf(followed, 'git.push-refused')).toHaveLength(1);
  });
});

describe('the look at a repository that a command would change', () => {
  let folder: string;
  let settings: Settings;

  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, ...args], { env: gitEnvironment, stdio: 'pipe' });
  };
  const file = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'harvest-look-'));
    const { uid, gid } = userInfo();
    const ids = ['--agent-uid', `${uid}`, '--agent-gid', `${gid}`];
    settings = parseSettings(['--state', folder, '--agent-home', folder, ...ids]);
    git('init', '--quiet');
    writeFileSync(file('.gitattributes'), '*.slow filter=slow\n');
    writeFileSync(file('a.slow'), 'one\n');
    git('add', '--all');
    git('commit', '--quiet', '-m', 'Begin');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('finds what there is', async () => {
    const hasUncommittedWork = uncommittedWorkIn(settings);
    expect(await hasUncommittedWork(folder, 'changes')).toBe(false);
    writeFileSync(file('a.slow'), 'two\n');
    expect(await hasUncommittedWork(folder, 'changes')).toBe(true);
    expect(await hasUncommittedWork(folder, 'untracked')).toBe(false);
    expect(await hasUncommittedWork(file('not-there'), 'changes')).toBe(false);
  });

  test('takes for work what is too much to be read', async () => {
    writeFileSync(file('a.slow'), 'two\n');
    const hasUncommittedWork = uncommittedWorkIn(settings, { timeoutMs: 60_000, mostBytes: 20 });
    expect(await hasUncommittedWork(folder, 'untracked')).toBe(true);
  });

  test('takes for work what git does not come to the end of, and leaves nothing running', async () => {
    git('config', 'filter.slow.clean', `echo $$ > ${file('.git/pid')}; exec sleep 1000`);
    // As if it were written anew: only its content says that it is the same.
    utimesSync(file('a.slow'), 1, 1);
    const hasUncommittedWork = uncommittedWorkIn(settings, { timeoutMs: 2_000, mostBytes: 100_000 });
    expect(await hasUncommittedWork(folder, 'changes')).toBe(true);
    const pid = Number(readFileSync(file('.git/pid'), 'utf8'));
    expect(commandOf(pid)).toBe('');
  });
});
