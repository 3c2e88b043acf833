import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CarriedWork } from '../../../src/contracts/checkpoint.ts';
import { eventsOf, recordOf } from '../support/client.ts';
import { TestSession } from '../support/session.ts';
import { createWorld, gitEnvironment, type World } from '../support/world.ts';

/** Everything that a work tree can hold and a remote does not have. */
const changes = [
  'git mv README.md READ.md',
  'echo committed > committed.txt && git add committed.txt && git commit -qm "Not pushed"',
  'echo staged > staged.txt && git add staged.txt && echo "and more" >> staged.txt',
  'printf "\\\\000\\\\001\\\\377binary" > binary.bin',
  'rm gone.txt',
  'printf "spaced" > "a name with spaces.txt"',
  'chmod +x run.sh',
  'echo secret-build > ignored.log',
].join(' && ');

describe('carried work', () => {
  let world: World;
  let first: TestSession;
  let carried: CarriedWork;
  let bundle: Buffer;
  let agentSessionId: string;

  const fetchBundle = (session: TestSession, turnId: string): Buffer =>
    execFileSync('curl', [
      '-sN',
      '--fail-with-body',
      '--unix-socket',
      session.place.socket,
      `http://supervisor/carry?turnId=${turnId}&repository=fruit`,
    ]);

  const statusOf = (session: TestSession): string =>
    execFileSync(
      'git',
      ['-C', join(session.place.workspace, 'fruit'), 'status', '--porcelain=v2', '--branch'],
      {
        env: gitEnvironment,
      },
    ).toString();

  beforeAll(async () => {
    world = await createWorld();
    const url = world.createRepository('carried', {
      'README.md': '# fruit\n',
      'gone.txt': 'gone\n',
      'run.sh': '#!/bin/sh\n',
      '.gitignore': '*.log\n',
    });
    first = await TestSession.begin(world, { url });
  });

  afterAll(async () => {
    await world.close();
  });

  test('is nothing after a turn that changed nothing', async () => {
    const ended = recordOf(await first.turn('t0', ['!say Nothing to do.']), 'turn.ended');
    expect(ended.carried).toMatchObject([
      { repository: 'fruit', bytes: 0, uncommittedFiles: 0, unpushedCommits: 0 },
    ]);
    const answer = await first.supervisor.client.request('GET', '/carry?turnId=t0&repository=fruit');
    expect(answer).toMatchObject({ exitCode: 22, body: expect.stringContaining('unknown') });
  });

  test('is taken after a turn, and says what is left behind', async () => {
    const ended = recordOf(
      await first.turn('t1', ['The word is "medlar".', `!bash ${changes}`, '!say Done.']),
      'turn.ended',
    );
    expect(ended.outcome).toEqual({ status: 'completed' });
    [carried] = ended.carried as [CarriedWork];
    agentSessionId = ended.agentSessionId ?? '';
    expect(carried).toMatchObject({ branch: 'harvest/story', unpushedCommits: 1 });
    expect(carried.notCarried).toContain('ignored.log');
    bundle = fetchBundle(first, 't1');
    expect(bundle.length).toBe(carried.bytes);
    expect(createHash('sha256').update(bundle).digest('hex')).toBe(carried.sha256);
    const [kept = ''] = globSync(join(first.place.state, '**/t1/fruit.bundle'));
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });

  test('comes back in a new sandbox, with the conversation', async () => {
    const before = statusOf(first);
    const transcript = (await first.records('transcript')).flatMap((record) =>
      record.kind === 'transcript' ? record.batch.entries.map((entry) => JSON.stringify(entry)) : [],
    );
    const second = await TestSession.prepare(world, first.url);
    const { client } = second.supervisor;
    await client.request('PUT', '/carry?repository=fruit', bundle);
    const lines = `${transcript.join('\n')}\n`;
    await client.request('PUT', `/transcript?agentSessionId=${agentSessionId}`, lines);
    const restore = {
      from: 'image' as const,
      carried: [carried],
      transcript: { agentSessionId },
      recentMessages: [],
    };
    const started = await second.start({ generation: 2, restore });
    recordOf(started, 'start.finished');
    expect(eventsOf(started, 'repository.restored')).toMatchObject([
      {
        repository: 'fruit',
        branch: 'harvest/story',
        head: carried.head,
        notRestored: [expect.stringContaining('ignored.log')],
      },
    ]);
    expect(eventsOf(started, 'conversation.restored')).toEqual([
      { from: 'transcript', entries: transcript.length },
    ]);
    expect(statusOf(second)).toBe(before);
    expect(readFileSync(join(second.place.workspace, 'fruit/binary.bin'))).toEqual(
      readFileSync(join(first.place.workspace, 'fruit/binary.bin')),
    );

    const followed = await second.turn('t2', ['!recall "(\\w+)"']);
    const ended = recordOf(followed, 'turn.ended');
    expect(ended.answer).toContain('medlar');
    expect(ended.agentSessionId).toBe(agentSessionId);
    // What the worker sent is not sent back to it.
    const mirrored = followed.records.flatMap((record) =>
      record.kind === 'transcript' ? record.batch.entries : [],
    );
    const sent = new Set(transcript.map((line) => (JSON.parse(line) as { uuid?: string }).uuid));
    expect(mirrored.filter(({ uuid }) => uuid !== undefined && sent.has(uuid))).toEqual([]);
    expect(ended.totals.usage.outputTokens).toBeLessThan(100);
  });

  test('comes back onto a snapshot, which keeps what git ignores', async () => {
    const snapshot = await TestSession.begin(world, { url: first.url });
    await snapshot.turn('s1', [
      'The word is "mulberry".',
      '!bash echo built > built.log; echo old > staged.txt',
      '!say Noted.',
    ]);
    await snapshot.supervisor.client.request('POST', '/quiesce');
    const { agentSessionId: snapshotAgent } = (await snapshot.records('turn.ended'))[0] as {
      agentSessionId: string;
    };
    await snapshot.supervisor.stop();

    snapshot.supervisor = await snapshot.place.start();
    await snapshot.supervisor.client.request('PUT', '/carry?repository=fruit', bundle);
    const restore = {
      from: 'snapshot' as const,
      carried: [carried],
      transcript: { agentSessionId: snapshotAgent },
      recentMessages: [],
    };
    const started = await snapshot.start({ from: 0, generation: 2, restore });
    recordOf(started, 'start.finished');
    expect(eventsOf(started, 'repository.ready')).toMatchObject([{ from: 'snapshot' }]);
    expect(eventsOf(started, 'conversation.restored')).toMatchObject([{ from: 'transcript' }]);
    expect(statusOf(snapshot)).toBe(statusOf(first));
    expect(snapshot.file('built.log')).toBe('built\n');
    const ended = recordOf(await snapshot.turn('s2', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('mulberry');
  });

  test('that the worker did not send fails the start with a sentence', async () => {
    const session = await TestSession.prepare(world, first.url);
    const restore = { from: 'image' as const, carried: [carried], transcript: null, recentMessages: [] };
    const { failure } = recordOf(await session.start({ generation: 2, restore }), 'start.failed');
    expect(failure).toEqual({
      kind: 'internal',
      message: 'the bundle of fruit was not sent ahead of the start',
    });
  });

  test('comes without a transcript to an agent that is told the last messages instead', async () => {
    const third = await TestSession.prepare(world, first.url);
    const recentMessages = [
      { role: 'user' as const, text: 'The word is "sloe".' },
      { role: 'assistant' as const, text: 'Noted.' },
    ];
    const restore = { from: 'image' as const, carried: [], transcript: null, recentMessages };
    const started = await third.start({ generation: 3, restore });
    expect(eventsOf(started, 'conversation.restored')).toEqual([{ from: 'event-log', entries: 2 }]);
    const ended = recordOf(await third.turn('t3', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('sloe');
  });

  test('is none, and said so, of a repository that the agent destroyed', async () => {
    const followed = await first.turn('t4', ['!bash rm -rf .git', '!say Done.']);
    const [work] = recordOf(followed, 'turn.ended').carried;
    expect(work).toMatchObject({
      repository: 'fruit',
      bytes: 0,
      notCarried: expect.stringContaining('fruit'),
    });
    expect(eventsOf(followed, 'warning')).toHaveLength(1);
  });
});
