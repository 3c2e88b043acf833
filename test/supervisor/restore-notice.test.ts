import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CarriedWork } from '../../src/contracts/checkpoint.ts';
import type { StartRequest } from '../../src/contracts/supervisor.ts';
import { recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { createWorld, disposableWorld, type World } from './support/world.ts';

/** Of our messages to the agent that are in its newest request to the model, the last one. */
function lastSaid(session: TestSession): string {
  const { messages } = JSON.parse(session.modelRequests().at(-1) ?? '{}') as {
    messages: { role: string; content: string | { type: string; text?: string }[] }[];
  };
  const texts = messages.flatMap(({ role, content }) => {
    if (role !== 'user') return [];
    return typeof content === 'string' ? [content] : content.map(({ text }) => text ?? '');
  });
  return texts.findLast((text) => text.includes('[Harvest]') || text.includes('!')) ?? '';
}

function timesIn(text: string, part: string): number {
  return text.split(part).length - 1;
}

const sentence = 'Files that git ignores are not carried: build/.';

describe('what a restore could not bring back', () => {
  let world: World;
  let session: TestSession;
  let restore: StartRequest['restore'];

  beforeAll(async () => {
    world = await createWorld();
    const first = await TestSession.begin(world);
    const ended = recordOf(await first.turn('t0', ['The word is "sorb".', '!say Noted.']), 'turn.ended');
    const [work] = ended.carried as [CarriedWork];
    const agentSessionId = ended.agentSessionId ?? '';
    session = await TestSession.prepare(world, first.url);
    await session.supervisor.client.request(
      'PUT',
      `/transcript?agentSessionId=${agentSessionId}`,
      await first.transcript(),
    );
    restore = {
      from: 'image',
      carried: [{ ...work, notCarried: sentence }],
      transcript: { agentSessionId },
      recentMessages: [],
    };
    recordOf(await session.start({ generation: 2, restore }), 'start.finished');
  });

  afterAll(async () => {
    await world.close();
  });

  const timesTold = (): number => timesIn(session.modelRequests().at(-1) ?? '', sentence);

  test('is told ahead of the next prompt, also when the supervisor was restarted in between', async () => {
    await session.supervisor.crash();
    session.supervisor = await session.place.start();
    recordOf(await session.start({ generation: 2, restore }), 'start.finished');
    const ended = recordOf(await session.turn('t1', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('sorb');
    expect(lastSaid(session)).toBe(
      `[Harvest] After your sandbox was restored: ${sentence}\n\n!recall "(\\w+)"`,
    );
    expect(timesTold()).toBe(1);
  });

  test('is told once', async () => {
    await session.turn('t2', ['!say Once.']);
    expect(timesTold()).toBe(1);
    await session.supervisor.crash();
    session.supervisor = await session.place.start();
    recordOf(await session.start({ generation: 2, restore }), 'start.finished');
    await session.turn('t3', ['!say Still once.']);
    expect(timesTold()).toBe(1);
  });
});

test('a turn that goes on in the next sandbox is told ahead that it does, and once however often its agent dies', async () => {
  await using world = await disposableWorld();
  const first = await TestSession.begin(world);
  const [stopped, killed] = [new Gate(first.place, 'stopped'), new Gate(first.place, 'killed')];
  const lines = [stopped.step, killed.step, '!say Done.'];
  const running = first.turn('t1', lines);
  await stopped.reached();
  await first.interrupt('t1', { kind: 'suspend' });
  const { totals: carriedOver, agentSessionId, carried } = recordOf(await running, 'turn.suspended');
  stopped.open();

  const next = await TestSession.prepare(world, first.url);
  const transcript = { agentSessionId: agentSessionId ?? '' };
  await next.supervisor.client.request(
    'PUT',
    `/transcript?agentSessionId=${agentSessionId}`,
    await first.transcript(),
  );
  const losses = carried.map((work) => ({ ...work, notCarried: sentence }));
  const restore = { from: 'image' as const, carried: losses, transcript, recentMessages: [] };
  recordOf(await next.start({ generation: 2, restore }), 'start.finished');
  const goingOn = next.turn('t1', lines, { carriedOver });
  await killed.reached();
  expect(lastSaid(next)).toMatch(
    /^\[Harvest\] After your sandbox was restored: [^\n]+build\/\.\n\n\[Harvest\] Your work on the last message was stopped/,
  );
  // What it has heard is in its own file a while after.
  await next.transcriptHolds(sentence);
  process.kill(next.supervisor.agentPid(), 'SIGKILL');
  expect(recordOf(await goingOn, 'turn.lost').losses).toBe(1);
  killed.open();
  const ended = recordOf(await next.turn('t1', lines, { carriedOver, continuation: 1 }), 'turn.ended');
  expect(ended.answer).toBe('Done.');
  const [last = ''] = next.modelRequests().slice(-1);
  expect(last).toContain('Your work on the last message was cut off');
  expect(timesIn(last, sentence)).toBe(1);
  await next.turn('t2', ['!say Once.']);
  expect(timesIn(next.modelRequests().at(-1) ?? '', sentence)).toBe(1);
});

describe('a step back in the conversation', () => {
  test('leaves nothing of what came later, although the sandbox still has it', async () => {
    await using world = await disposableWorld();
    const session = await TestSession.begin(world);
    const { agentSessionId } = recordOf(
      await session.turn('t1', ['The word is "quince".', '!say Noted.']),
      'turn.ended',
    );
    const then = await session.transcript();
    await session.turn('t2', ['The word is "loquat".', '!say Noted.']);
    const { client } = session.supervisor;
    await client.request('POST', '/quiesce');
    await client.request('PUT', `/transcript?agentSessionId=${agentSessionId}`, then);
    const transcript = { agentSessionId: agentSessionId ?? '' };
    const restore = { from: 'snapshot' as const, carried: [], transcript, recentMessages: [] };
    recordOf(await session.start({ from: 0, generation: 2, restore }), 'start.finished');
    const ended = recordOf(await session.turn('t3', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('quince');
    expect(session.modelRequests().at(-1)).not.toContain('loquat');
  });
});
