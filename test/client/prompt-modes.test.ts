import { expect, test } from 'vitest';
import { InvalidRequest, PromptRejected, RequestRejected } from '../../src/client.ts';
import type { Session, Turn } from '../../src/client.ts';
import { expectWholeLog } from '../support/log-checks.ts';
import { aRequest } from './fixtures/stand.ts';
import { standOfFile } from './support/stand-of-file.ts';

const { harvest } = standOfFile();

/** A turn that runs until it is interrupted. */
async function running(session: Session, id = 'long'): Promise<Turn> {
  const turn = session.prompt('hold', { id });
  for await (const event of turn) if (event.type === 'turn.started') break;
  return turn;
}

async function typesOf(turn: Turn): Promise<string[]> {
  return Array.fromAsync(turn, ({ type }) => type);
}

/** Ends the session; its log must be whole then. */
async function endWhole(session: Session): Promise<void> {
  await session.terminate();
  expectWholeLog(await Array.fromAsync(session.events()));
}

test('a steering prompt ends when the agent has it, and names the turn it steered', async () => {
  const session = await harvest().createSession(aRequest());
  const long = await running(session);
  const steering = session.prompt('also this', { id: 'more', mode: 'steer' });
  expect(await steering.accepted).toMatchObject({ turnId: 'more', steers: 'long' });
  expect(await steering.result()).toEqual({
    turnId: 'more',
    status: 'steered',
    into: 'long',
    text: '',
    costUsd: 0,
  });
  expect(await typesOf(steering)).toEqual(['turn.steering', 'turn.steered']);
  expect(await Array.fromAsync(session.turn('more').text())).toEqual([]);
  expect(await session.prompt('also this', { id: 'more', mode: 'steer' }).result()).toMatchObject({
    status: 'steered',
  });
  await session.interrupt('long');
  // Those of the turn that was steered are its own, the ones about the steering among them.
  expect(await typesOf(long)).toEqual(expect.arrayContaining(['turn.steered', 'turn.interrupted']));
  await endWhole(session);
});

test('a steering prompt that comes too late gets a turn of its own', async () => {
  const session = await harvest().createSession(aRequest());
  await running(session);
  const late = session.prompt('too late', { id: 'late', mode: 'steer' });
  expect(await late.accepted).toMatchObject({ steers: 'long' });
  // It is within the turn, until the turn ends without having heard of it.
  expect((await session.state()).queue).toEqual([]);
  await session.interrupt('long');
  expect(await late.result()).toMatchObject({ turnId: 'late', status: 'completed' });
  expect(await typesOf(late)).toEqual(['turn.steering', 'prompt.queued', 'turn.started', 'turn.completed']);
  await endWhole(session);
});

test('where nothing runs a steering prompt is queued like any other', async () => {
  await using session = await harvest().createSession(aRequest());
  const turn = session.prompt('say so', { mode: 'steer' });
  expect(await turn.accepted).toEqual({ turnId: turn.turnId, position: 0 });
  expect(await turn.result()).toMatchObject({ status: 'completed', text: 'so' });
});

test('a prompt that still waits when the session ends has failed with it', async () => {
  const session = await harvest().createSession(aRequest());
  await running(session);
  const queued = session.prompt('say never', { id: 'queued' });
  await queued.accepted;
  await endWhole(session);
  expect(await queued.result()).toMatchObject({ status: 'failed', failure: { kind: 'terminated' } });
});

test('a prompt that interrupts runs next, before those that wait', async () => {
  const session = await harvest().createSession(aRequest());
  const long = await running(session);
  const waiting = session.prompt('say last', { id: 'waiting' });
  await waiting.accepted;
  const urgent = session.prompt('say first', { id: 'urgent', mode: 'interrupt' });
  expect(await long.result()).toMatchObject({ status: 'interrupted' });
  const [first, last] = await Promise.all([urgent, waiting].map(async (turn) => Array.fromAsync(turn)));
  expect(first?.at(-1)).toMatchObject({ type: 'turn.completed' });
  const startOf = (events: typeof first) => events?.find(({ type }) => type === 'turn.started')?.seq ?? 0;
  expect(startOf(first)).toBeLessThan(startOf(last));
  await endWhole(session);
});

test('a prompt that waits is cancelled, once and again; it ends its followers', async () => {
  const session = await harvest().createSession(aRequest());
  await running(session);
  const waiting = session.prompt('say never', { id: 'waiting' });
  const followed = typesOf(waiting);
  const words = Array.fromAsync(waiting.text());
  await waiting.accepted;
  await session.cancel('waiting');
  await session.cancel('waiting');
  expect(await waiting.result()).toEqual({ turnId: 'waiting', status: 'cancelled', text: '', costUsd: 0 });
  expect(await followed).toEqual(['prompt.queued', 'prompt.cancelled']);
  expect(await words).toEqual([]);
  expect((await session.state()).queue).toEqual([]);
  // Its id stays known.
  expect(await session.prompt('say never', { id: 'waiting' }).result()).toMatchObject({
    status: 'cancelled',
  });
  await expect(session.prompt('say else', { id: 'waiting' }).result()).rejects.toThrow(PromptRejected);
  await endWhole(session);
});

test('what runs, has ended or never was is not cancelled, and the sentence says so', async () => {
  await using session = await harvest().createSession(aRequest());
  await session.prompt('say done', { id: 'done' }).result();
  await running(session);
  await expect(session.cancel('long')).rejects.toThrow(RequestRejected);
  await expect(session.cancel('long')).rejects.toThrow('turn "long" has begun: interrupt it instead');
  await expect(session.cancel('done').accepted).rejects.toThrow('nothing is left to cancel');
  await expect(session.cancel('nobody')).rejects.toThrow('no prompt "nobody" waits');
});

test('a mode or options that are none are refused before anything is sent', async () => {
  const session = harvest().session('nobody');
  const wrong = [
    { options: { maxTurns: 0 }, field: 'options.maxTurns' },
    { options: { budgetUsd: -1 }, field: 'options.budgetUsd' },
    { options: { model: '' }, field: 'options.model' },
  ];
  for (const { options, field } of wrong) {
    const { accepted } = session.prompt('say hello', { options });
    await expect(accepted).rejects.toThrow(expect.objectContaining({ field }));
    await expect(accepted).rejects.toThrow(InvalidRequest);
  }
});

test('prompts wait while the budget is used up, and run when it is raised', async () => {
  const session = await harvest().createSession(aRequest({ options: { budgetUsd: 0.2 } }));
  // A turn costs 0.25 here.
  await session.prompt('say one').result();
  const waiting = session.prompt('say two');
  await waiting.accepted;
  await expect.poll(async () => (await session.state()).status).toBe('idle');
  expect(await session.state()).toMatchObject({ budgetUsd: 0.2, spentUsd: 0.25, turns: 1 });
  await expect(session.setBudget(0)).rejects.toThrow(InvalidRequest);
  await session.setBudget(1);
  await session.setBudget(1);
  expect(await waiting.result()).toMatchObject({ status: 'completed', text: 'two' });
  await session.setBudget(null);
  await expect.poll(async () => session.state()).toMatchObject({ budgetUsd: null, spentUsd: 0.5 });
  await endWhole(session);
});
