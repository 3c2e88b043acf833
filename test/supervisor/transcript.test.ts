import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { costIn, parseEntries } from '../../src/supervisor/agent-session/transcript-entries.ts';
import { messageUuid } from '../../src/supervisor/agent-session/message-uuid.ts';
import { eventsOf, recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { agentUid, createWorld, type World } from './support/world.ts';

describe('the transcript', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
  });

  afterAll(async () => {
    await world.close();
  });

  test('is written where the agent looks for it, as the agent user', async () => {
    const session = await TestSession.prepare(world);
    const agentSessionId = '00000000-1111-4222-8333-444444444444';
    const { client } = session.supervisor;
    await client.request(
      'PUT',
      `/transcript?agentSessionId=${agentSessionId}`,
      '{"type":"mode","mode":"normal"}\n',
    );
    const restore = {
      from: 'image' as const,
      carried: [],
      transcript: { agentSessionId },
      recentMessages: [],
    };
    recordOf(await session.start({ restore }), 'start.finished');
    const projects = join(session.place.home, '.claude/projects');
    const found = readdirSync(projects, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.jsonl'),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(agentSessionId);
    expect(statSync(join(projects, found[0] ?? '')).uid).toBe(agentUid);
  });

  test('is missed loudly when the agent gives none', async () => {
    const session = await TestSession.begin(world);
    await session.exec('close', ['sh', '-c', 'mkdir -p ~/.claude/projects && chmod 500 ~/.claude/projects']);
    const followed = await session.turn('t1', ['!say Hello.']);
    recordOf(followed, 'turn.ended');
    expect(eventsOf(followed, 'warning')).toMatchObject([
      { message: expect.stringContaining('no transcript') },
    ]);
  });

  test('outlives the folder that the agent worked in', async () => {
    const session = await TestSession.begin(world);
    await session.turn('t1', ['The word is "cherry".', '!say Noted.']);
    process.kill(session.supervisor.agentPid(), 'SIGKILL');
    await expect.poll(() => session.supervisor.hasAgent()).toBe(false);
    await session.exec('remove', ['rm', '-rf', join(session.place.workspace, 'fruit')], { cwd: '/' });
    const ended = recordOf(await session.turn('t2', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('cherry');
  });

  test('is read without a last line that was not finished, and says what the conversation has cost', () => {
    const usage = { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4 };
    const cost = { type: 'cost-state', totalCostUSD: 0.5, modelUsage: { one: usage, two: usage } };
    const entries = parseEntries(`{"type":"user","uuid":"u"}\n${JSON.stringify(cost)}\n{"type":"us`);
    expect(entries).toHaveLength(2);
    expect(costIn(entries)).toEqual({
      cumulativeCostUsd: 0.5,
      cumulativeUsage: { inputTokens: 2, outputTokens: 4, cacheReadTokens: 6, cacheWriteTokens: 8 },
    });
    expect(costIn([])).toBeNull();
  });

  test('has our messages under ids that are never used twice', () => {
    const ids = ['a', 'b'].flatMap((scope) => [0, 1].map((run) => messageUuid(scope, run)));
    expect(new Set(ids).size).toBe(4);
    expect(messageUuid('a', 0)).toBe(ids[0]);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
