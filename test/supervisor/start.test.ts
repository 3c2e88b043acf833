import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { startRequest } from './support/requests.ts';
import { TestSession } from './support/session.ts';
import { createWorld, testRuntimeVersion, type World } from './support/world.ts';

describe('a supervisor', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.prepare(world);
  });

  afterAll(async () => {
    await world.close();
  });

  test('answers its status before anything was started, on a socket that only root can open', async () => {
    const status = await session.supervisor.client.status();
    expect(status).toMatchObject({ started: false, generation: null, journalBytes: 0, turnId: null });
    expect(status.supervisorVersion).toMatch(/^[0-9a-f]{16}$/);
    expect(status.runtimeVersion).toBe(testRuntimeVersion);
    expect(statSync(session.place.socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(session.place.socket, '..')).mode & 0o777).toBe(0o700);
    expect((await session.turn('t1', ['!say no'])).error).toBe('not-started');
  });

  const failureOf = async (more: Parameters<TestSession['start']>[0]) =>
    recordOf(await session.start(more), 'start.failed').failure;

  test('names the kind of what does not work in one sentence without a secret', async () => {
    const unknown = [{ name: 'fruit', url: `${world.git.url}/nowhere.git`, branch: 'main' }];
    expect(await failureOf({ repositories: unknown })).toMatchObject({ kind: 'repository' });
    const branch = [{ name: 'fruit', url: session.url, branch: 'no-such-branch' }];
    expect(await failureOf({ repositories: branch })).toMatchObject({ kind: 'branch' });
    const secrets = { github: 'canary-wrong-password', claude: world.modelCredential };
    const credential = await failureOf({ secrets });
    expect(credential.kind).toBe('credential');
    expect(credential.message).not.toContain('canary');
    expect(await failureOf({ secrets: {} })).toMatchObject({ kind: 'credential' });
    const closed = [{ name: 'fruit', url: 'http://127.0.0.1:1/fruit.git', branch: 'main' }];
    expect(await failureOf({ repositories: closed })).toMatchObject({ kind: 'network' });
  });

  test('gives a failure that was not read yet instead of trying again', async () => {
    const from = await session.journalBytes();
    const closed = [{ name: 'fruit', url: 'http://127.0.0.1:1/fruit.git', branch: 'main' }];
    const failed = recordOf(await session.start({ repositories: closed, from }), 'start.failed');
    expect(recordOf(await session.start({ from }), 'start.failed')).toEqual(failed);
  });

  test('starts once when it is asked to twice at a time, and replays when asked later', async () => {
    const from = await session.journalBytes();
    const both = await Promise.all([session.start({ from }), session.start({ from })]);
    const later = await session.start({ from });
    for (const followed of [...both, later]) {
      expect(recordOf(followed, 'start.finished').heads).toMatchObject([{ branch: 'harvest/story' }]);
      expect(followed.records).toEqual(both[0]?.records);
    }
    expect(await session.records('start.finished')).toHaveLength(1);
  });

  test('keeps journals in folders of root, one for each generation, and drops those of earlier ones', async () => {
    const { state } = session.place;
    expect(statSync(join(state, 'g1')).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, 'g1/journal.jsonl')).mode & 0o777).toBe(0o600);
    expect((await session.start({ generation: 2 })).error).toBe('other-generation');
    await session.supervisor.crash();
    session.supervisor = await session.place.start();
    recordOf(await session.start({ from: 0, generation: 2 }), 'start.finished');
    expect(readdirSync(state).filter((name) => /^g\d/.test(name))).toEqual(['g2']);
    expect((await session.start({ generation: 1 })).error).toBe('other-generation');
  });

  test('starts with more than one repository', async () => {
    const other = await TestSession.prepare(world);
    const repositories = [
      { name: 'fruit', url: other.url, branch: 'main' },
      { name: 'nuts', url: world.createRepository('nuts'), branch: 'main' },
    ];
    const { heads } = recordOf(await other.start({ repositories }), 'start.finished');
    expect(heads.map(({ repository }) => repository)).toEqual(['fruit', 'nuts']);
    expect(existsSync(join(other.place.workspace, 'nuts/README.md'))).toBe(true);
    const ended = recordOf(
      await other.turn('t1', ['!bash echo x > ../nuts/new.txt', '!say Done.']),
      'turn.ended',
    );
    expect(ended.carried).toMatchObject([
      { repository: 'fruit', bytes: 0 },
      { repository: 'nuts', uncommittedFiles: 1 },
    ]);
  });

  test('answers bad requests with their error, and goes on', async () => {
    const { client } = session.supervisor;
    const refused = async (method: string, path: string, body?: string) => {
      const answer = await client.request(method, path, body);
      expect(answer.exitCode).toBe(22);
      return (JSON.parse(answer.body) as { error: string }).error;
    };
    // Cut on its way: the same request may come whole when it is repeated.
    expect(await refused('POST', '/turns', '{')).toBe('internal');
    expect(await refused('POST', '/turns', '{"turnId":"x"}')).toBe('bad-request');
    expect(await refused('POST', '/turns', 'x'.repeat(5 * 1024 * 1024))).toBe('bad-request');
    expect(await refused('GET', '/journal?from=1')).toBe('bad-request');
    expect(await refused('GET', '/journal?from=100000000')).toBe('bad-request');
    expect(await refused('GET', '/journal?from=-1')).toBe('bad-request');
    expect(await refused('PUT', '/carry?repository=../../etc', 'x')).toBe('bad-request');
    expect(await refused('PUT', '/transcript?agentSessionId=../x', 'x')).toBe('bad-request');
    expect(await refused('GET', '/nothing')).toBe('unknown');
    const start = startRequest(world, session.url, { from: 10_000_000, generation: 2 });
    expect(await refused('POST', '/start', JSON.stringify(start))).toBe('bad-request');
    expect((await client.status()).started).toBe(true);
  });
});
