import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { agentProcessesIn, createWorld, type World } from './support/world.ts';

describe('quiesce', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world);
  });

  afterAll(async () => {
    await world.close();
  });

  test('is refused while a turn runs', async () => {
    const gate = new Gate(session.place);
    const running = session.turn('t1', ['The word is "damson".', gate.step, '!say Noted.']);
    await gate.reached();
    const answer = await session.supervisor.client.request('POST', '/quiesce');
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'turn-running' });
    gate.open();
    recordOf(await running, 'turn.ended');
  });

  test('ends agent and execs, keeps the transcript whole and drops package caches', async () => {
    const cache = join(session.place.home, '.npm/_cacache');
    await session.exec('cache', ['sh', '-c', 'mkdir -p ~/.npm/_cacache && echo big > ~/.npm/_cacache/big']);
    expect(existsSync(cache)).toBe(true);
    const exec = session.exec('e1', ['sleep', '100']);
    await session.journalHolds('"execId":"e1"');
    const answer = await session.supervisor.client.request('POST', '/quiesce');
    const { journalBytes } = JSON.parse(answer.body) as { journalBytes: number };
    expect(recordOf(await exec, 'exec.ended').outcome).toMatchObject({ status: 'lost' });
    expect(journalBytes).toBe(await session.journalBytes());
    expect(agentProcessesIn(session.place.folder)).toEqual([]);
    expect(existsSync(cache)).toBe(false);
    // The agent writes it when it ends by itself.
    expect(await session.journal()).toContain('cost-state');
    expect((await session.turn('t2', ['!say no'])).error).toBe('not-started');
    expect((await session.exec('e2', ['true'])).error).toBe('not-started');
  });

  test('is undone by another start, and the agent knows all that it knew', async () => {
    recordOf(await session.start(), 'start.finished');
    const ended = recordOf(await session.turn('t3', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('damson');
    expect(ended.totals.usage.inputTokens).toBeGreaterThan(0);
  });
});
