import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { NoAnswer, TemporalUnreachable } from '../../src/client.ts';
import type { SessionEvent } from '../../src/client.ts';
import { LossyProxy } from './fixtures/lossy-proxy.ts';
import { aRequest } from './fixtures/stand.ts';
import { standOfFile } from './support/stand-of-file.ts';

const { stand, harvest } = standOfFile({ answerSeconds: 60 });

async function eventsUntilClosed(sessionId: string): Promise<SessionEvent[]> {
  const session = harvest().session(sessionId);
  await session.terminate();
  const events = await Array.fromAsync(session.events());
  expect(events.map((event) => event.seq)).toEqual(events.map((_event, index) => index + 1));
  return events;
}

function queuedIds(events: SessionEvent[]): (string | undefined)[] {
  return events.filter((event) => event.type === 'prompt.queued').map((event) => event.turnId);
}

test('a session is accepted without a worker, and a prompt waits for the worker to come back', async () => {
  await stand().endWorker('SIGTERM');
  const session = await harvest().createSession(aRequest({ sessionId: 'early' }));
  const turn = session.prompt('say hello', { id: 'early-prompt' });
  await sleep(500);
  await stand().startWorker();
  expect(await turn.result()).toMatchObject({ text: 'hello' });
  expect(queuedIds(await eventsUntilClosed('early'))).toEqual(['early-prompt']);
});

test('without a worker the call ends in NoAnswer, and the same id repeated runs once', async () => {
  await using hasty = await stand().connect({ answerSeconds: 2 });
  const patient = await harvest().createSession(aRequest({ sessionId: 'absent', keep: true }));
  await patient.prompt('say first').result();
  await stand().endWorker('SIGKILL');
  const session = hasty.session('absent');
  const turn = session.prompt('say second', { id: 'second' });
  await expect(turn.accepted).rejects.toThrow(NoAnswer);
  await expect(turn.accepted).rejects.toThrow('Nobody answered for session "absent" within 2 s');
  await expect(session.state()).rejects.toThrow(NoAnswer);
  await stand().startWorker();
  expect(await patient.prompt('say second', { id: 'second' }).result()).toMatchObject({ text: 'second' });
  expect(queuedIds(await eventsUntilClosed('absent')).filter((id) => id === 'second')).toEqual(['second']);
});

test('a turn that was recorded is followed although nobody answers', async () => {
  await using hasty = await stand().connect({ answerSeconds: 2 });
  const session = await harvest().createSession(aRequest({ sessionId: 'quiet', keep: true }));
  const result = await session.prompt('say it', { id: 'known' }).result();
  await stand().endWorker('SIGTERM');
  const again = hasty.session('quiet').prompt('say it', { id: 'known' });
  expect((await Array.fromAsync(again)).at(-1)?.type).toBe('turn.completed');
  expect(await again.result()).toEqual(result);
  await stand().startWorker();
  await session.terminate();
});

test('an answer that is lost on its way leads to a repeat, and the prompt runs once', async () => {
  const proxy = await LossyProxy.start(stand().temporal.address);
  const distant = await stand().connect({ temporal: { address: proxy.address }, answerSeconds: 60 });
  try {
    const session = await distant.createSession(aRequest({ sessionId: 'lossy', keep: true }));
    await session.prompt('say first').result();
    proxy.loseAnswers();
    const turn = session.prompt('say second', { id: 'second' });
    // The session has it: the log, which is not behind the proxy, says so.
    for await (const event of harvest().session('lossy').events()) if (event.turnId === 'second') break;
    expect(proxy.lostBytes).toBeGreaterThan(0);
    proxy.heal();
    expect(await turn.accepted).toMatchObject({ turnId: 'second' });
    expect(await turn.result()).toMatchObject({ text: 'second' });
  } finally {
    await distant.close();
    await proxy.stop();
  }
  expect(queuedIds(await eventsUntilClosed('lossy')).filter((id) => id === 'second')).toEqual(['second']);
});

test('a start whose answer is lost is repeated and attaches to its own session', async () => {
  const proxy = await LossyProxy.start(stand().temporal.address);
  const distant = await stand().connect({ temporal: { address: proxy.address }, answerSeconds: 60 });
  try {
    proxy.loseAnswers();
    const creating = distant.createSession(aRequest({ sessionId: 'lossy-start', keep: true }));
    for await (const event of harvest().session('lossy-start').events()) if (event.seq > 0) break;
    proxy.heal();
    expect((await creating).id).toBe('lossy-start');
  } finally {
    await distant.close();
    await proxy.stop();
  }
  await harvest().session('lossy-start').terminate();
});

test('Temporal is killed in mid-turn and comes back: followers stay, prompts arrive once', async () => {
  const session = await harvest().createSession(aRequest({ sessionId: 'outage', keep: true }));
  const turn = session.prompt('hold', { id: 'held' });
  const followed = Array.fromAsync(turn);
  for await (const event of turn) if (event.type === 'turn.started') break;
  await stand().temporal.kill();
  const queued = session.prompt('say queued', { id: 'queued' });
  await sleep(500);
  await stand().temporal.restart();
  await queued.accepted;
  await session.interrupt();
  expect((await followed).at(-1)?.type).toBe('turn.interrupted');
  expect(await queued.result()).toMatchObject({ text: 'queued' });
  expect(queuedIds(await eventsUntilClosed('outage'))).toEqual(['held', 'queued']);
});

test('while Temporal is away a call ends in TemporalUnreachable', async () => {
  await using hasty = await stand().connect({ answerSeconds: 2 });
  await harvest().createSession(aRequest({ sessionId: 'away', keep: true }));
  const session = hasty.session('away');
  await stand().temporal.kill();
  await expect(session.prompt('say lost').accepted).rejects.toThrow(TemporalUnreachable);
  await expect(session.state()).rejects.toThrow(`Temporal cannot be reached at ${stand().temporal.address}`);
  await stand().temporal.restart();
  await harvest().session('away').terminate();
});
