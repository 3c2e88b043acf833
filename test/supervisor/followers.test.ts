/** Who follows a turn, and what becomes of those whom nobody reads any more. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { turnRequest } from './support/requests.ts';
import { TestSession } from './support/session.ts';
import { createWorld, type World } from './support/world.ts';

/** curl: the answer was cut. */
const cutCode = 18;

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(async () => {
  await world.close();
});

test('a turn has at most two followers: a newer one ends the oldest, and the newest two see it to its end', async () => {
  const session = await TestSession.begin(world);
  const gate = new Gate(session.place);
  const prompt = [gate.step, '!say done'].join('\n');
  const from = await session.journalBytes();
  const { client } = session.supervisor;
  const follow = async () => {
    const began = Promise.withResolvers<void>();
    const ended = client.follow('/turns', turnRequest('t', prompt, { from }), () => began.resolve());
    // One that is cut at once never hears anything.
    await Promise.race([began.promise, ended]);
    return ended;
  };
  const started: ReturnType<typeof client.follow>[] = [];
  const begin = async (): Promise<void> => {
    const before = started.length;
    started.push(follow());
    await expect.poll(() => curlsOf(session)).toBe(Math.min(before + 1, 2));
  };
  for (let count = 0; count < 6; count += 1) await begin();
  gate.open();
  const ends = await Promise.all(started);
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([cutCode, cutCode, cutCode, cutCode, 0, 0]);
  expect(recordOf(ends[5] ?? { end: null }, 'turn.ended')).toMatchObject({ answer: 'done' });
  expect(ends[4]?.records).toEqual(ends[5]?.records);
});

test('followers of one thing do not end those of another', async () => {
  const session = await TestSession.begin(world);
  const gate = new Gate(session.place);
  const { client } = session.supervisor;
  const turn = session.turn('t', [gate.step, '!say done']);
  await gate.reached();
  const from = await session.journalBytes();
  const execs = await Promise.all(
    ['a', 'b', 'c'].map(async (execId) =>
      client.follow('/exec', { from, execId, argv: ['true'], timeoutSeconds: 60 }),
    ),
  );
  gate.open();
  for (const exec of execs)
    expect(recordOf(exec, 'exec.ended').outcome).toEqual({ status: 'exited', exitCode: 0 });
  expect(recordOf(await turn, 'turn.ended')).toMatchObject({ answer: 'done' });
});

/** How many curls are on its socket now. */
function curlsOf({ place }: TestSession): number {
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return processes.split('\n').filter((args) => args.startsWith('curl ') && args.includes(place.socket))
    .length;
}
