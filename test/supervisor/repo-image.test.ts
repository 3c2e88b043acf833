import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { createWorld, gitEnvironment, type World } from './support/world.ts';

const build = { agent: false, branch: null, sessionId: 'image.fruits.1' } as const;

describe('repo images', () => {
  let world: World;
  /** What a build makes its image of. */
  let built: TestSession;
  let pushes = 0;

  beforeAll(async () => {
    world = await createWorld();
    built = await TestSession.prepare(world);
  });

  afterAll(async () => {
    await world.close();
  });

  const git = (folder: string, ...args: string[]): string =>
    execFileSync('git', ['-C', folder, ...args], { env: gitEnvironment, encoding: 'utf8' }).trim();

  /** Somebody pushes to `main`; resolves to the new head. */
  function push(): string {
    pushes += 1;
    const clone = join(world.folder, `push-${pushes}`);
    git('/', 'clone', '--quiet', world.bareFolder(new URL(built.url).pathname.slice(1, -4)), clone);
    writeFileSync(join(clone, 'README.md'), `# Push ${pushes}\n`);
    git(clone, 'commit', '--quiet', '-a', '-m', `Push ${pushes}`);
    git(clone, 'push', '--quiet', 'origin', 'main');
    return git(clone, 'rev-parse', 'HEAD');
  }

  /** A supervisor in a sandbox from the image. */
  async function fromImage(): Promise<TestSession> {
    const session = await TestSession.prepare(world, built.url);
    const folder = join(session.place.workspace, 'fruit');
    execFileSync('cp', ['-a', join(built.place.workspace, 'fruit'), folder]);
    return session;
  }

  test('a build is on the repository’s own branch, and pushes nothing', async () => {
    const started = await built.start(build);
    expect(recordOf(started, 'start.finished').heads).toMatchObject([{ branch: 'main' }]);
    expect(eventsOf(started, 'repository.ready')).toMatchObject([{ from: 'clone', branch: 'main' }]);
    const script = 'mkdir node_modules && echo "node_modules/" > .git/info/exclude && touch node_modules/x';
    await built.exec('install', ['sh', '-c', script]);
    const pushed = await built.exec('push', ['git', 'push', '--quiet', 'origin', 'HEAD:harvest/image']);
    expect(recordOf(pushed, 'exec.ended').outcome).not.toMatchObject({ exitCode: 0 });
    expect(eventsOf(pushed, 'git.push-refused')).toMatchObject([{ reason: 'nothing is pushed from here' }]);
    expect(built.supervisor.hasAgent()).toBe(false);
  });

  test('a build that was cut while it cloned begins anew', async () => {
    const session = await TestSession.prepare(world, built.url);
    const folder = join(session.place.workspace, 'fruit');
    execFileSync('cp', ['-a', join(built.place.workspace, 'fruit'), folder]);
    writeFileSync(join(folder, '.git/index.lock'), '');
    const started = await session.start(build);
    expect(eventsOf(started, 'repository.ready')).toMatchObject([{ from: 'clone' }]);
    expect(() => session.file('node_modules/x')).toThrow('ENOENT');
  });

  test('a session starts on the newest head, with what the build installed', async () => {
    const head = push();
    const session = await fromImage();
    const { workspace } = session.place;
    writeFileSync(join(workspace, 'fruit/.git/index.lock'), '');
    writeFileSync(join(workspace, 'fruit/README.md'), 'changed by the build\n');
    const started = await session.start({ fromRepoImage: true });
    const ready = { repository: 'fruit', branch: 'harvest/story', head };
    expect(recordOf(started, 'start.finished').heads).toEqual([ready]);
    expect(eventsOf(started, 'repository.ready')).toMatchObject([{ ...ready, from: 'image' }]);
    expect(session.file('README.md')).toBe(`# Push ${pushes}\n`);
    expect(session.file('node_modules/x')).toBe('');
    const pushed = await session.exec('push', ['git', 'push', '--quiet']);
    expect(eventsOf(pushed, 'git.pushed')).toMatchObject([{ ref: 'refs/heads/harvest/story' }]);
  });

  test('a canary stays on the branch, at its newest head', async () => {
    const head = push();
    const started = await (await fromImage()).start({ ...build, fromRepoImage: true });
    expect(eventsOf(started, 'repository.ready')).toMatchObject([{ from: 'image', branch: 'main', head }]);
  });

  test('what the image has not, or has in no state to be used, is cloned', async () => {
    const session = await fromImage();
    mkdirSync(join(session.place.workspace, 'nuts/.git'), { recursive: true });
    const repositories = [
      { name: 'fruit', url: session.url, branch: 'main' },
      { name: 'nuts', url: world.createRepository('nuts'), branch: 'main' },
      { name: 'roots', url: world.createRepository('roots'), branch: 'main' },
    ];
    execFileSync('chown', ['-R', '10001:10001', join(session.place.workspace, 'nuts')]);
    const started = await session.start({ fromRepoImage: true, repositories });
    const ready = eventsOf(started, 'repository.ready').map(
      ({ repository, from }) => `${repository}: ${from}`,
    );
    expect(ready.toSorted()).toEqual(['fruit: image', 'nuts: clone', 'roots: clone']);
  });

  test('the work of a session that lost its sandbox comes on top', async () => {
    const before = await TestSession.begin(world, { url: built.url });
    const turn = ['!bash echo apple > new.txt && git add new.txt && git commit -qm Apple', '!say Done.'];
    const ended = recordOf(await before.turn('t1', turn), 'turn.ended');
    push();
    const session = await fromImage();
    const bundle = await before.bundle('t1', 'fruit');
    await session.supervisor.client.request('PUT', '/carry?repository=fruit', bundle);
    const restore = { from: 'image' as const, transcript: null, recentMessages: [] };
    const started = await session.start({
      fromRepoImage: true,
      generation: 2,
      restore: { ...restore, carried: ended.carried },
    });
    expect(eventsOf(started, 'repository.ready')).toMatchObject([{ from: 'image' }]);
    const [work] = ended.carried;
    expect(recordOf(started, 'start.finished').heads).toMatchObject([
      { branch: 'harvest/story', head: work?.head },
    ]);
    expect(session.file('new.txt')).toBe('apple\n');
    expect(session.file('node_modules/x')).toBe('');
  });

  test('agent and execs find the toolchain first, and the virtual environment where there is one', async () => {
    const say = ['sh', '-c', 'echo "$PATH $VIRTUAL_ENV $UV_PROJECT_ENVIRONMENT"'];
    const without = recordOf(await built.exec('path', say), 'exec.ended').stdout;
    expect(without).toMatch(
      /^\/opt\/toolchain\/venv\/\.first\/bin:\/opt\/toolchain\/bin:\S*\.local\/bin:\S* {2}$/m,
    );
    const session = await TestSession.prepare(world, built.url);
    const environment = join(session.place.folder, 'venv');
    mkdirSync(environment);
    await session.start(build);
    const { stdout } = recordOf(await session.exec('path', say), 'exec.ended');
    expect(stdout.trim().split(' ').slice(1)).toEqual([environment, environment]);
  });
});
