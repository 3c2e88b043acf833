import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { createWorld, type World } from './support/world.ts';

describe('the agent’s git, with the real agent', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world);
  });

  afterAll(async () => {
    await world.close();
  });

  test('a pull is not run but answered with what to do instead, and the turn goes on', async () => {
    const followed = await session.turn('t1', [
      '!bash touch before.txt; git pull; touch after.txt',
      '!bash echo still here > next.txt',
      '!say Done.',
    ]);
    expect(recordOf(followed, 'turn.ended')).toMatchObject({
      outcome: { status: 'completed' },
      answer: 'Done.',
    });
    const [refused, next] = eventsOf(followed, 'tool.finished');
    expect(refused).toMatchObject({ isError: true });
    expect(JSON.stringify(refused)).toContain('git rebase origin/<branch>');
    expect(next).toMatchObject({ isError: false });
    expect(session.modelRequests().at(-1)).toContain('git rebase origin/<branch>');
    expect(session.file('next.txt')).toBe('still here\n');
    expect(() => session.file('before.txt')).toThrow('ENOENT');
  });

  test('a hard reset is run only where it throws nothing away', async () => {
    const followed = await session.turn('t2', [
      '!bash git add next.txt && git commit -qm "Add a file"',
      '!bash echo changed > next.txt',
      '!bash git reset --hard -q && touch reset.txt',
      '!bash git add -A && git commit -qn -m "wip: snapshot before reset"',
      '!bash git reset --hard -q HEAD^ && touch reset.txt',
      '!say Done.',
    ]);
    const results = eventsOf(followed, 'tool.finished').map((result) => JSON.stringify(result));
    expect(results[2]).toContain('Take a snapshot first');
    expect(results.filter((result) => result.includes('Take a snapshot'))).toHaveLength(1);
    expect(session.file('next.txt')).toBe('still here\n');
    expect(session.file('reset.txt')).toBe('');
  });
});
