import { expect, test } from 'vitest';
import type { Session } from '../../src/client.ts';
import { count, expectWholeLog, readLog } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';

/** Until the agent runs a tool in that turn. */
async function untilTool(session: Session, turnId: string): Promise<void> {
  for await (const event of session.events())
    if (event.turnId === turnId && event.type === 'tool.started') return;
}

test('what is said within a running turn reaches its agent, once, and has no turn of its own', async () => {
  await using world = await openWorld();
  const session = await world.session();
  const turn = session.prompt('!sleep-bash 4\n!recall word "([a-z]+)"', { id: 'running' });
  await untilTool(session, 'running');
  const steer = session.prompt('Remember the word "papaya".', { id: 'steer', mode: 'steer' });
  expect(await steer.accepted).toMatchObject({ turnId: 'steer', steers: 'running' });
  expect(await steer.result()).toMatchObject({ status: 'steered', into: 'running' });
  expect(await turn.result()).toMatchObject({ status: 'completed' });
  const events = await readLog(session);
  expectWholeLog(events);
  expect(count(events, 'turn.steered')).toBe(1);
  expect(events.filter((event) => event.turnId === 'steer')).toEqual([]);
  const { text } = await session.prompt('!recall word "([a-z]+)"').result();
  expect(text).toContain('papaya');
});

test('an interrupting prompt is next, before what was queued; a cancelled one never runs', async () => {
  await using world = await openWorld();
  const session = await world.session();
  const long = session.prompt('!sleep-bash 600', { id: 'long' });
  await untilTool(session, 'long');
  const queued = session.prompt('!say queued', { id: 'queued' });
  const dropped = session.prompt('!bash echo ran >> dropped.txt', { id: 'dropped' });
  await Promise.all([queued.accepted, dropped.accepted]);
  await session.cancel('dropped');
  expect(await dropped.result()).toMatchObject({ status: 'cancelled' });
  const urgent = session.prompt('!say urgent', { id: 'urgent', mode: 'interrupt' });
  expect(await long.result()).toMatchObject({ status: 'interrupted' });
  expect(await urgent.result()).toMatchObject({ status: 'completed', text: 'urgent' });
  expect(await queued.result()).toMatchObject({ status: 'completed', text: 'queued' });
  const events = await readLog(session);
  expectWholeLog(events);
  const started = events.filter((event) => event.type === 'turn.started').map((event) => event.turnId);
  expect(started).toEqual(['long', 'urgent', 'queued']);
});

test('a budget stops a turn at its limit, is announced, and the session goes on when it is raised', async () => {
  await using world = await openWorld();
  const session = await world.session({ options: { budgetUsd: 0.000_01 } });
  const steps = Array.from({ length: 5 }, (_, step) => `!bash echo ${step} >> steps.txt`).join('\n');
  const stopped = await session.prompt(`${steps}\n!say done`, { id: 'stopped' }).result();
  expect(stopped).toMatchObject({ status: 'failed', failure: { kind: 'limit' } });
  const waiting = session.prompt('!say went on', { id: 'waiting' });
  await waiting.accepted;
  for await (const event of session.events()) if (event.type === 'session.budget-reached') break;
  expect(await session.state()).toMatchObject({ queue: [{ turnId: 'waiting' }] });
  await session.setBudget(100);
  expect(await waiting.result()).toMatchObject({ status: 'completed', text: 'went on' });
  const events = await readLog(session);
  expectWholeLog(events);
  expect(count(events, 'session.budget-reached')).toBe(1);
});
