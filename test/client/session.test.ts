import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  HarvestClosed,
  InvalidRequest,
  PromptRejected,
  SessionClosed,
  SessionExists,
  SessionNotFound,
  TurnFailed,
  TurnNotFound,
} from '../../src/client.ts';
import type { SessionEvent } from '../../src/client.ts';
import { bounds } from '../../src/contracts/bounds.ts';
import { aRequest } from './fixtures/stand.ts';
import { standOfFile } from './support/stand-of-file.ts';
import { withTemporal } from './support/with-temporal.ts';

const { stand, harvest } = standOfFile();

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}

function typesOf(events: SessionEvent[]): string[] {
  return events.map((event) => event.type);
}

test('a prompt is followed from its queueing to the end of its turn', async () => {
  await using session = await harvest().createSession(aRequest());
  // What belongs to the session's start is in the log then.
  expect(await session.resume()).toMatchObject({ status: 'idle' });
  const events = await collect(session.prompt('say hello world'));
  expect(typesOf(events)).toEqual([
    'prompt.queued',
    'turn.started',
    'agent.text.delta',
    'agent.text.delta',
    'agent.text',
    'turn.completed',
  ]);
  expect(new Set(events.map((event) => event.turnId)).size).toBe(1);
  expect(events.map((event) => event.seq)).toEqual(
    events.map((_event, index) => (events[0]?.seq ?? 0) + index),
  );
});

test('a prompt is sent at the call, whether or not anybody looks at it', async () => {
  await using session = await harvest().createSession(aRequest());
  session.prompt('say hello', { id: 'unseen' });
  const seen: string[] = [];
  for await (const event of session.events()) {
    if (event.turnId === 'unseen') seen.push(event.type);
    if (event.type === 'turn.completed') break;
  }
  expect(seen.at(-1)).toBe('turn.completed');
});

test('promptText gives only the text, as it comes', async () => {
  await using session = await harvest().createSession(aRequest());
  expect((await collect(session.promptText('say one two'))).join('')).toBe('onetwo');
});

test('the result has status, text, cost and usage; a failed turn is a result, and an error of the text alone', async () => {
  await using session = await harvest().createSession(aRequest());
  const usage = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0 };
  expect(await session.prompt('say fine', { id: 'a' }).result()).toEqual({
    turnId: 'a',
    status: 'completed',
    text: 'fine',
    costUsd: 0.25,
    usage,
    durationMs: 5,
  });
  const failed = await session.prompt('fail now').result();
  expect(failed).toMatchObject({
    status: 'failed',
    failure: { kind: 'model', message: 'the model is overloaded' },
  });
  await expect(collect(session.promptText('fail now'))).rejects.toThrow(TurnFailed);
});

test('a turn is rejoined after a seq, from another process, and after its end', async () => {
  await using session = await harvest().createSession(aRequest({ sessionId: 'rejoin' }));
  const all = await collect(session.prompt('say a b c', { id: 'turn-1' }));
  const third = all[2]?.seq ?? 0;
  await using other = await stand().connect();
  const elsewhere = other.session('rejoin');
  expect(await collect(elsewhere.prompt('say a b c', { id: 'turn-1', after: third }))).toEqual(all.slice(3));
  expect(await collect(elsewhere.turn('turn-1', { after: third }))).toEqual(all.slice(3));
  expect(await collect(elsewhere.turn('turn-1'))).toEqual(all);
  expect(await collect(elsewhere.turn('turn-1', { after: all.at(-1)?.seq ?? 0 }))).toEqual([]);
  expect(await elsewhere.turn('turn-1').result()).toMatchObject({ text: 'abc' });
  await expect(elsewhere.turn('turn-2').result()).rejects.toThrow(TurnNotFound);
});

test('the same prompt id runs once; with another text it is rejected, also while Temporal knows the first', async () => {
  await using session = await harvest().createSession(aRequest());
  const first = await collect(session.prompt('say once', { id: 'p' }));
  expect(await collect(session.prompt('say once', { id: 'p' }))).toEqual(first);
  const other = session.prompt('say twice', { id: 'p' });
  await expect(other.accepted).rejects.toThrow(PromptRejected);
  await expect(collect(other)).rejects.toThrow('prompt id "p" was used with another text');
  await expect(other.result()).rejects.toThrow(PromptRejected);
});

test('a prompt over a bound is rejected with the sentence of the session', async () => {
  await using session = await harvest().createSession(aRequest());
  const { queuedPrompts } = bounds;
  for (let count = 0; count < queuedPrompts; count += 1) await session.prompt('hold').accepted;
  await expect(session.prompt('hold').result()).rejects.toThrow(
    `the queue is full (${queuedPrompts} prompts)`,
  );
});

test('an exec is awaited for its result and iterated for its output', async () => {
  await using session = await harvest().createSession(aRequest());
  const run = session.exec(['echo', 'one', 'two'], { id: 'e' });
  expect(await collect(run)).toEqual([
    { stream: 'stdout', text: 'one' },
    { stream: 'stdout', text: 'two' },
  ]);
  expect(await run).toMatchObject({ execId: 'e', exitCode: 0, output: 'onetwo' });
  expect(await session.exec(['false'])).toMatchObject({ exitCode: 1 });
  expect(await session.exec(['crash'])).toMatchObject({ exitCode: null, outcome: { status: 'signalled' } });
});

test('the event log is followed to the end of the session, by several and from any seq', async () => {
  const session = await harvest().createSession(aRequest());
  const follower = collect(session.events());
  await session.prompt('say hello').result();
  await session.terminate();
  const all = await follower;
  expect(all.at(0)?.type).toBe('session.created');
  expect(all.at(-1)?.type).toBe('session.closed');
  expect(all.map((event) => event.seq)).toEqual(all.map((_event, index) => index + 1));
  expect(await collect(session.events({ after: 3 }))).toEqual(all.slice(3));
});

test('an aborted follower ends', async () => {
  await using session = await harvest().createSession(aRequest());
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const event of session.events({ signal: abort.signal })) {
    seen.push(event.type);
    setImmediate(() => abort.abort());
  }
  expect(seen).toContain('session.created');
});

test('whoever uses one way to look at a request meets no unhandled rejection from the others', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  await using session = await harvest().createSession(aRequest());
  session.prompt('');
  await expect(session.prompt('').result()).rejects.toThrow(InvalidRequest);
  await expect(session.prompt('').accepted).rejects.toThrow(InvalidRequest);
  await expect(collect(session.prompt(''))).rejects.toThrow(InvalidRequest);
  await expect(session.exec([]).accepted).rejects.toThrow(InvalidRequest);
  const nobody = harvest().session('nobody');
  await expect(nobody.pause().accepted).rejects.toThrow(SessionNotFound);
  await expect(nobody.interrupt()).rejects.toThrow(SessionNotFound);
  await expect(nobody.terminate().accepted).rejects.toThrow(SessionNotFound);
  await sleep(50);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('leaving the block terminates the session, and with keep it stays', async () => {
  {
    await using session = await harvest().createSession(aRequest({ sessionId: 'left' }));
    await using kept = await harvest().createSession(aRequest({ sessionId: 'kept', keep: true }));
    await session.state();
    await kept.state();
    await using attached = harvest().session('kept');
    await attached.state();
  }
  expect((await harvest().session('left').state()).status).toBe('closed');
  expect((await harvest().session('kept').state()).status).toBe('idle');
  await harvest().session('kept').terminate();
});

test('a closed session takes no prompt and says so; its turns can still be read', async () => {
  const session = await harvest().createSession(aRequest({ sessionId: 'over' }));
  const result = await session.prompt('say bye', { id: 'last' }).result();
  await session.terminate();
  await session.terminate();
  const sentence = 'Session "over" is closed (terminated): start a new one.';
  await expect(session.prompt('say more').result()).rejects.toThrow(SessionClosed);
  await expect(collect(session.prompt('say more'))).rejects.toThrow(sentence);
  await expect(session.exec(['true'])).rejects.toThrow(sentence);
  await expect(session.pause()).rejects.toThrow(sentence);
  expect(await session.prompt('say bye', { id: 'last' }).result()).toEqual(result);
});

test('a session is closed as soon as its log says so, before its workflow has ended', async () => {
  const options = { environment: { CLOSING: 'lasts' } };
  const session = await harvest().createSession(aRequest({ options }));
  await session.terminate();
  await expect(session.prompt('say more').accepted).rejects.toThrow(SessionClosed);
});

test('a session that never was is not found', async () => {
  const session = harvest().session('nobody');
  await expect(session.prompt('say hello').accepted).rejects.toThrow(SessionNotFound);
  await expect(session.state()).rejects.toThrow('There is no session "nobody".');
  await expect(collect(session.events())).rejects.toThrow(SessionNotFound);
});

test('a session whose workflow ended without a word ends its followers', async () => {
  const session = await harvest().createSession(aRequest({ sessionId: 'vanished' }));
  const events = collect(session.events());
  const turn = session.prompt('hold');
  for await (const event of turn) if (event.type === 'turn.started') break;
  await withTemporal(stand(), async (client) => client.workflow.getHandle('session-vanished').terminate());
  await expect(turn.result()).rejects.toThrow(SessionClosed);
  expect(typesOf(await events)).not.toContain('session.closed');
});

test('a session id starts one session: the same request attaches, another one is refused', async () => {
  const request = aRequest({ sessionId: 'twice', keep: true, credentials: { github: 'ghp_secret' } });
  await using first = await harvest().createSession({ ...request, keep: false });
  const again = await harvest().createSession(request);
  expect((await again.state()).sessionId).toBe(first.id);
  const other = harvest().createSession({ ...request, user: { name: 'Bob', email: 'bob@example.com' } });
  await expect(other).rejects.toThrow(SessionExists);
});

test('sessions are listed by repository, user and state', async () => {
  const repositories = [{ url: "https://example.com/o'hara.git" }];
  const user = { name: 'Eve', email: 'eve@example.com' };
  await using open = await harvest().createSession(aRequest({ repositories, user }));
  const closed = await harvest().createSession(aRequest({ repositories, user }));
  await closed.terminate();
  await expect
    .poll(async () =>
      (await harvest().listSessions({ user: user.email, state: 'closed' })).map((each) => each.sessionId),
    )
    .toEqual([closed.id]);
  await expect
    .poll(async () => harvest().listSessions({ repository: "https://example.com/o'hara.git", state: 'idle' }))
    .toMatchObject([{ sessionId: open.id, state: 'idle', user: user.email, closedAt: null }]);
  expect(await harvest().listSessions({ repository: 'https://example.com/' })).toEqual([]);
  expect((await harvest().listSessions({ user: user.email, limit: 1 })).length).toBe(1);
});

test('prompts around continue-as-new are taken, a known id is still known, and the session is listed once', async () => {
  await using session = await harvest().createSession(aRequest({ sessionId: 'renewed' }));
  const runs = async (): Promise<number> =>
    withTemporal(stand(), async (client) => {
      const query = "WorkflowId = 'session-renewed' AND ExecutionStatus = 'ContinuedAsNew'";
      return (await client.workflow.count(query)).count;
    });
  await session.prompt('say first', { id: 'first' }).result();
  for (let count = 0; count < 12; count += 1) {
    expect(await session.prompt(`say ${count}`).result()).toMatchObject({ text: `${count}` });
  }
  await expect.poll(runs).toBeGreaterThan(0);
  expect(await session.prompt('say first', { id: 'first' }).accepted).toMatchObject({ turnId: 'first' });
  await expect(session.prompt('say it', { id: 'first' }).result()).rejects.toThrow(PromptRejected);
  expect((await session.state()).turns).toBe(13);
  expect((await harvest().listSessions({})).filter((each) => each.sessionId === session.id).length).toBe(1);
});

test('closing a Harvest ends what waits on it, and the session goes on', async () => {
  await using session = await harvest().createSession(aRequest());
  const other = await stand().connect();
  const waiting = other.session(session.id).prompt('hold', { id: 'h' }).result();
  for await (const event of session.events()) if (event.type === 'turn.started') break;
  await other.close();
  await expect(waiting).rejects.toThrow(HarvestClosed);
  expect((await session.state()).turnId).toBe('h');
});
