import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CarriedWork } from '../../src/contracts/checkpoint.ts';
import type { StartRequest } from '../../src/contracts/supervisor.ts';
import { recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { createWorld, disposableWorld, type World } from './support/world.ts';

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

  const timesTold = (): number => (session.modelRequests().at(-1) ?? '').split(sentence).length - 1;

  test('is told ahead of the next prompt, also when the supervisor was restarted in between', async () => {
    await session.supervisor.crash();
    session.supervisor = await session.place.start();
    recordOf(await session.start({ generation: 2, restore }), 'start.finished');
    const ended = recordOf(await session.turn('t1', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('sorb');
    expect(session.modelRequests().at(-1)).toContain(
      `[Harvest] After your sandbox was restored: ${sentence}`,
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
