import { expect, test } from 'vitest';
import { eventually, expectWholeLog, follow, readLog } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';

test('spends at most 18 history events on a turn of 10,000 agent events, and shows them all in order', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.prompt('!say warm').result();
  await eventually(
    () => session.state(),
    (state) => state.status === 'idle',
  );
  const before = await world.historyLength(session.id);
  const stayed = follow(session);
  await session.prompt('!stream 10000', { id: 'stream' }).result();
  await eventually(
    () => session.state(),
    (state) => state.status === 'idle',
  );
  expect((await world.historyLength(session.id)) - before).toBeLessThanOrEqual(18);

  const events = await readLog(session);
  expectWholeLog(events);
  const text = events
    .filter((event) => event.type === 'agent.text.delta' && event.turnId === 'stream')
    .map((event) => (event.type === 'agent.text.delta' ? event.data.text : ''))
    .join('');
  expect(text.trim().split(/\s+/)).toEqual(Array.from({ length: 10_000 }, (_, index) => String(index + 1)));
  await eventually(
    () => stayed.seen.length,
    (length) => length >= events.length,
  );
  await stayed.stop();
  expect(stayed.seen.slice(0, events.length)).toEqual(events);
});

test('gives a follower that reconnects at every event the same log', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.prompt('!bash echo hello\n!say one two three', { id: 'p' }).result();
  const events = await readLog(session);
  const again = [];
  for (let after = 0; after < events.length; after += 1) {
    for await (const event of session.events({ after })) {
      again.push(event);
      break;
    }
  }
  expect(again).toEqual(events);
});
