/** The session's clocks on the whole stack (I12). */
import { expect, test } from 'vitest';
import { count, eventually, expectWholeLog, readLog } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';

test('a turn longer than its sandbox lives ends under its own id, with its files and its conversation', async () => {
  await using world = await openWorld();
  const session = await world.session({ options: { sandboxLifetimeSeconds: 60, rolloverSeconds: 15 } });
  await session.prompt('Remember the word "quince".\n!bash echo kept > kept.txt\n!say noted').result();
  // Ten steps of 8 s: at least one rollover, at 45 s of the sandbox's life.
  const steps = Array.from({ length: 10 }, (_, step) => `!bash sleep 8; echo step-${step} >> steps.txt`);
  const turn = session.prompt([...steps, '!recall word "([a-z]+)"'].join('\n'), { id: 'long' });
  const result = await turn.result();
  expect(result).toMatchObject({ status: 'completed', turnId: 'long' });
  expect(result.status === 'completed' && result.text).toContain('quince');
  const { generation } = await session.state();
  expect(generation).toBeGreaterThanOrEqual(2);
  const { output } = await session.exec(['sh', '-c', 'cat kept.txt; sort -u steps.txt']);
  expect(output.trim().split('\n')).toEqual(['kept', ...steps.map((_, step) => `step-${step}`)]);
  const events = await readLog(session);
  expectWholeLog(events);
  const causes = events.flatMap((event) => (event.type === 'turn.continued' ? [event.data.cause] : []));
  expect(new Set(causes)).toEqual(new Set(['rollover']));
  expect(count(events, 'turn.restarted') + count(events, 'sandbox.lost')).toBe(0);
});

test('an agent that says nothing is replaced, and its turn goes on; a long silent tool is not silence', async () => {
  await using world = await openWorld();
  const session = await world.session({ options: { silenceSeconds: 8 } });
  const tool = await session.prompt('!bash sleep 18\n!say slept', { id: 'tool' }).result();
  expect(tool).toMatchObject({ status: 'completed', text: 'slept' });
  const hung = await session.prompt('!hang 1\n!say back', { id: 'hung' }).result();
  expect(hung).toMatchObject({ status: 'completed', text: 'back' });
  const events = await readLog(session);
  expectWholeLog(events);
  const continued = events.filter((event) => event.type === 'turn.continued');
  expect(continued).toMatchObject([{ turnId: 'hung', data: { cause: 'silent', count: 1 } }]);
});

test('a turn is stopped at its time limit with the reason, and the next one runs', async () => {
  await using world = await openWorld();
  const session = await world.session({ options: { turnSeconds: 4 } });
  const long = await session.prompt('!sleep-bash 600', { id: 'long' }).result();
  expect(long).toMatchObject({ status: 'failed', failure: { kind: 'limit' } });
  expect(long.status === 'failed' && long.failure.message).toContain('4 seconds');
  expect(await session.prompt('!say next').result()).toMatchObject({ status: 'completed', text: 'next' });
  expectWholeLog(await readLog(session));
});

test('an idle session pauses itself, and closes when it has been paused for its retention time', async () => {
  await using world = await openWorld();
  const session = await world.session({ options: { idleSeconds: 1, retentionSeconds: 3 } });
  await session.prompt('!say hello').result();
  await eventually(
    () => session.state(),
    ({ status }) => status === 'closed',
  );
  const events = await readLog(session);
  expectWholeLog(events);
  expect(events.at(-1)).toMatchObject({ type: 'session.closed', data: { reason: 'expired' } });
  expect(await session.checkpoints()).toEqual([]);
});

test('a prompt at which the agent dies every time fails after its continuations, says why, and the session goes on', async () => {
  await using world = await openWorld();
  const session = await world.session();
  const deadly = await session.prompt('!bash kill -KILL $PPID; sleep 5', { id: 'deadly' }).result();
  expect(deadly).toMatchObject({ status: 'failed', failure: { kind: 'agent' } });
  expect(deadly.status === 'failed' && deadly.failure.message).toContain('3 times');
  expect(await session.prompt('!say alive').result()).toMatchObject({ status: 'completed', text: 'alive' });
  const events = await readLog(session);
  expectWholeLog(events);
  expect(count(events, 'turn.continued')).toBe(2);
});
