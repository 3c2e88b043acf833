import { expect, test } from 'vitest';
import { InvalidRequest, RequestFailed, RequestRejected, SessionNotFound } from '../../src/client.ts';
import type { Session } from '../../src/client.ts';
import { listedCheckpoint } from '../../src/client/checkpoints.ts';
import { aRequest } from './fixtures/stand.ts';
import { standOfFile } from './support/stand-of-file.ts';

const { harvest } = standOfFile();

/** With two turns and a snapshot behind it. A turn costs 0.25 here. */
async function talkedTo(session: Session): Promise<void> {
  await session.prompt('say one', { id: 'one' }).result();
  await session.prompt('say two', { id: 'two' }).result();
}

test('a checkpoint is shown with its turn, cost and heads, and without what only a restore needs', () => {
  const head = { repository: 'app', branch: 'harvest/one', head: 'a'.repeat(40) };
  const work = { ...head, bytes: 9, sha256: 'b', uncommittedFiles: 1, unpushedCommits: 2 };
  const shown = { checkpointId: 'turn-p', turnId: 'p', at: '2026-01-01T00:00:00.000Z', costUsd: 0.5 };
  const kept = { ...shown, sessionId: 'one', generation: 1, carried: [work], transcript: null };
  const snapshot = { imageId: 'im-1', runtimeVersion: '1', generation: 1 };
  expect(listedCheckpoint({ ...kept, snapshot: null })).toEqual({
    ...shown,
    heads: [head],
    hasSnapshot: false,
  });
  expect(listedCheckpoint({ ...kept, snapshot })).toMatchObject({ hasSnapshot: true });
});

test('the checkpoints of a session are listed, oldest first', async () => {
  await using session = await harvest().createSession(aRequest());
  await talkedTo(session);
  const taken = await session.checkpoint();
  await expect
    .poll(async () => session.checkpoints())
    .toMatchObject([
      { checkpointId: 'turn-one', costUsd: 0.25, hasSnapshot: false },
      { checkpointId: 'turn-two', costUsd: 0.5, hasSnapshot: false },
      { ...taken, costUsd: 0.5, hasSnapshot: true },
    ]);
  expect(await harvest().session('nobody').checkpoints()).toEqual([]);
});

test('rewind resolves with the session as it is at the checkpoint, live, and can be repeated', async () => {
  await using session = await harvest().createSession(aRequest());
  await talkedTo(session);
  const state = await session.rewind('turn-one');
  expect(state).toMatchObject({ status: 'idle', generation: 2, costUsd: 0.25, spentUsd: 0.5 });
  expect(await session.rewind('turn-one')).toMatchObject({ generation: 3, costUsd: 0.25 });
  expect(await session.prompt('say on').result()).toMatchObject({ status: 'completed' });
  await expect.poll(async () => session.state()).toMatchObject({ costUsd: 0.5, spentUsd: 0.75, turns: 3 });
});

test('a paused session is rewound into a sandbox', async () => {
  await using session = await harvest().createSession(aRequest());
  await talkedTo(session);
  await session.pause();
  expect(await session.rewind('turn-one')).toMatchObject({ status: 'idle', generation: 2, costUsd: 0.25 });
});

test('a rewind to what is not there fails with a sentence, and the session stays where it was', async () => {
  await using session = await harvest().createSession(aRequest());
  await talkedTo(session);
  const rewinding = session.rewind('turn-three');
  await rewinding.accepted;
  await expect(rewinding).rejects.toThrow(RequestFailed);
  await expect(rewinding).rejects.toThrow('turn-three');
  expect(await session.state()).toMatchObject({ status: 'idle', generation: 1, costUsd: 0.5 });
  await expect(session.rewind('no id at all').accepted).rejects.toThrow(InvalidRequest);
});

test('a rewind whose sandbox cannot be had leaves the session paused, and says why', async () => {
  const options = { environment: { RESTORE: 'fails' } };
  await using session = await harvest().createSession(aRequest({ options }));
  await talkedTo(session);
  await expect(session.rewind('turn-one')).rejects.toThrow('the session could not be resumed: no image');
  expect(await session.state()).toMatchObject({ status: 'paused', costUsd: 0.25 });
});

test('a rewind after what the event log says is over is not refused for it', async () => {
  await using session = await harvest().createSession(aRequest());
  await talkedTo(session);
  for (const round of [1, 2, 3]) {
    await session.prompt(`say ${round}`).result();
    await session.rewind('turn-one');
    await session.exec(['true']);
    expect(await session.rewind('turn-two')).toMatchObject({ status: 'idle', costUsd: 0.5 });
  }
});

test('a session is not rewound under a turn', async () => {
  await using session = await harvest().createSession(aRequest());
  await talkedTo(session);
  for await (const event of session.prompt('hold', { id: 'long' })) if (event.type === 'turn.started') break;
  await expect(session.rewind('turn-one')).rejects.toThrow(RequestRejected);
  await expect(session.rewind('turn-one')).rejects.toThrow('turn "long" is running');
});

test('a fork begins at a checkpoint of another session, with its request, and goes its own way', async () => {
  const claude = { from: 'environment', variable: 'ANTHROPIC_API_KEY' } as const;
  const options = { model: 'one', idleSeconds: 60 };
  await using source = await harvest().createSession(aRequest({ options, credentials: { claude } }));
  await talkedTo(source);
  const given = { sessionId: 'forked', checkpointId: 'turn-one', options: { model: 'two' }, keep: true };
  await using fork = await source.fork(given);
  expect(await fork.resume()).toMatchObject({ status: 'idle', costUsd: 0.25, spentUsd: 0 });
  expect((await source.fork(given)).id).toBe('forked');
  const [forked] = (await Array.fromAsync(seen(fork))).filter(({ type }) => type === 'session.forked');
  expect(forked?.data).toEqual({ fromSessionId: source.id, checkpointId: 'turn-one' });
  await fork.prompt('say three').result();
  await expect.poll(async () => fork.state()).toMatchObject({ costUsd: 0.5, spentUsd: 0.25 });
  await expect.poll(async () => source.state()).toMatchObject({ costUsd: 0.5, turns: 2, generation: 1 });
  await fork.terminate();
});

/** The event log as far as the session's start has filled it. */
async function* seen(session: Session): AsyncGenerator<{ type: string; data: unknown }, void> {
  for await (const event of session.events()) {
    yield event;
    if (event.type === 'session.ready') return;
  }
}

test('a closed session is forked at its newest checkpoint', async () => {
  const source = await harvest().createSession(aRequest());
  await talkedTo(source);
  await source.terminate();
  await using fork = await source.fork();
  expect(await fork.resume()).toMatchObject({ status: 'idle', costUsd: 0.5 });
});

test('createSession takes a fork, too; a checkpoint that is not there closes the session with a sentence', async () => {
  await using source = await harvest().createSession(aRequest());
  await talkedTo(source);
  const fork = { sessionId: source.id, checkpointId: 'turn-none' };
  const session = await harvest().createSession(aRequest({ fork }));
  const events = await Array.fromAsync(session.events());
  expect(events.at(-1)).toMatchObject({ data: { reason: 'start-failed' } });
  await expect(session.resume()).rejects.toThrow('turn-none');
  expect((await session.state()).status).toBe('closed');
});

test('a credential that was sealed for the source is given again, and not found out from the source', async () => {
  await using source = await harvest().createSession(aRequest({ credentials: { github: 'ghp_secret' } }));
  const refused = source.fork({ credentials: { claude: 'sk-ant-api-1' } });
  await expect(refused).rejects.toThrow(InvalidRequest);
  await expect(refused).rejects.toThrow(
    `the one of session "${source.id}" is sealed for that session alone: give it again`,
  );
  await source.prompt('say one').result();
  await using fork = await source.fork({ credentials: { github: 'ghp_secret' } });
  expect(await fork.resume()).toMatchObject({ status: 'idle' });
  await expect(harvest().session('nobody').fork()).rejects.toThrow(SessionNotFound);
});
