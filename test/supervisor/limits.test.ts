import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { createWorld, type World } from './support/world.ts';

const fourSteps = ['!bash echo a', '!bash echo b', '!bash echo c', '!say End.'];

describe('what one turn may use', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world);
  });

  afterAll(async () => {
    await world.close();
  });

  const model = (): string => /"model":"([^"]+)"/.exec(session.modelRequests().at(-1) ?? '')?.[1] ?? '';

  test('its own model, without a new agent, and the next turn has the session’s again', async () => {
    recordOf(await session.turn('m1', ['!say one']), 'turn.ended');
    const [agent, usual] = [session.supervisor.agentPid(), model()];
    recordOf(
      await session.turn('m2', ['!say two'], { options: { model: 'claude-haiku-4-5' } }),
      'turn.ended',
    );
    expect(model()).toBe('claude-haiku-4-5');
    recordOf(await session.turn('m3', ['!say three']), 'turn.ended');
    expect(model()).toBe(usual);
    expect(session.supervisor.agentPid()).toBe(agent);
  });

  test('so many steps: more is a failure that says so, and what comes next runs without a limit', async () => {
    const ended = recordOf(await session.turn('s1', fourSteps, { options: { maxTurns: 2 } }), 'turn.ended');
    expect(ended.outcome).toMatchObject({ status: 'failed', failure: { kind: 'limit' } });
    expect(JSON.stringify(ended.outcome)).toContain('limit of 2 steps');
    const agent = session.supervisor.agentPid();
    const fits = await session.turn('s2', ['!bash echo d', '!say Fits.'], { options: { maxTurns: 2 } });
    expect(recordOf(fits, 'turn.ended')).toMatchObject({ outcome: { status: 'completed' }, answer: 'Fits.' });
    expect(session.supervisor.agentPid()).toBe(agent);
    const after = recordOf(await session.turn('s3', [...fourSteps, 'again']), 'turn.ended');
    expect(after).toMatchObject({ outcome: { status: 'completed' }, answer: 'End.' });
  });

  test('so many steps together with what is said within it', async () => {
    const gate = new Gate(session.place);
    const running = session.turn('s4', [gate.step, '!say Never.'], { options: { maxTurns: 2 } });
    await gate.reached();
    const more = ['!bash echo e', '!bash echo f', '!say Never.'].join('\n');
    expect(await session.steer('s4', { promptId: 'more', text: more })).toEqual({ steered: true });
    gate.open();
    expect(JSON.stringify(recordOf(await running, 'turn.ended').outcome)).toContain('limit of 2 steps');
    expect(recordOf(await session.turn('s5', ['!say On.']), 'turn.ended').answer).toBe('On.');
  });

  test('so many dollars, counted for this turn alone', async () => {
    const one = recordOf(await session.turn('b1', ['!say one']), 'turn.ended').totals.costUsd;
    expect(one).toBeGreaterThan(0);
    const budgetUsd = one * 2.5;
    const ended = recordOf(
      await session.turn('b2', [...fourSteps, 'b2'], { options: { budgetUsd } }),
      'turn.ended',
    );
    expect(ended.outcome).toMatchObject({ status: 'failed', failure: { kind: 'limit' } });
    expect(JSON.stringify(ended.outcome)).toContain(`budget of $${budgetUsd}`);
    expect(ended.totals.costUsd).toBeGreaterThanOrEqual(budgetUsd);
    expect(ended.totals.costUsd).toBeLessThan(one * 5);
    const after = recordOf(await session.turn('b3', [...fourSteps, 'b3']), 'turn.ended');
    expect(after).toMatchObject({ outcome: { status: 'completed' }, answer: 'End.' });
  });

  test('a budget that shrinks by what each turn cost keeps the agent warm', async () => {
    let budgetUsd = 5;
    const agents = new Set<number>();
    for (const id of ['w1', 'w2', 'w3']) {
      const ended = recordOf(
        await session.turn(id, [`!say ${id}`], { options: { budgetUsd } }),
        'turn.ended',
      );
      expect(ended.outcome).toEqual({ status: 'completed' });
      budgetUsd -= ended.totals.costUsd;
      agents.add(session.supervisor.agentPid());
    }
    expect(agents.size).toBe(1);
  });

  test('what it used in a run that was killed counts', async () => {
    const gate = new Gate(session.place, 'killed');
    const lines = ['!bash echo 1', '!bash echo 2', gate.step, '!say Done.'];
    const running = session.turn('k1', lines);
    await gate.reached();
    await session.transcriptHolds(gate.step.slice('!bash '.length, 60));
    process.kill(session.supervisor.agentPid(), 'SIGKILL');
    recordOf(await running, 'turn.lost');
    gate.open();
    const ended = recordOf(await session.turn('k1', lines, { continuation: 1 }), 'turn.ended');
    const last = recordOf(await session.turn('k2', ['!say one']), 'turn.ended').totals;
    // Three answers of the killed agent and at least one of its successor, each with the whole conversation as its input.
    expect(ended.totals.usage.inputTokens).toBeGreaterThan(3 * last.usage.inputTokens);
    expect(ended.totals.costUsd).toBeGreaterThan(3 * last.costUsd);
  });
});
