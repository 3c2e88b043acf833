/** What dies in mid-turn, and what must come of it. Run with `npm run test:durability -- --repeat N` for more. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../src/client.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import type { SessionEvent } from '../../src/contracts/events.ts';
import { controlSandboxes, supervisorPid } from '../support/emulator-control.ts';
import { count, eventually, expectWholeLog, follow, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';

const repeats = Number(process.env['HARVEST_TEST_REPEATS'] ?? 1);
/** Ten lines, appended by one tool call. */
const countingEvery = (seconds: number): string =>
  `!bash for i in $(seq 10); do echo line-$i >> counted.txt; sleep ${seconds}; done\n!say counted`;
const counting = countingEvery(0.2);

async function untilLine(session: Session, line: number): Promise<void> {
  await eventually(
    async () => (await session.exec(['sh', '-c', 'touch counted.txt; wc -l < counted.txt'])).output,
    (output) => Number(output) >= line,
  );
}

async function expectEachLineOnce(session: Session): Promise<void> {
  const { output } = await session.exec(['cat', 'counted.txt']);
  expect(output.trim().split('\n')).toEqual(Array.from({ length: 10 }, (_, index) => `line-${index + 1}`));
}

function expectUndisturbed(events: readonly SessionEvent[]): void {
  expectWholeLog(events);
  expect(
    count(events, 'turn.continued') + count(events, 'turn.restarted') + count(events, 'sandbox.lost'),
  ).toBe(0);
}

describe.each(Array.from({ length: repeats }, (_, index) => index + 1))('in mid-turn (round %i)', () => {
  test('a killed worker is replaced by a new one, and nothing happened to the agent', async () => {
    await using world = await openWorld();
    const session = await world.session();
    const stayed = follow(session);
    const turn = session.prompt(counting, { id: 'count' });
    await untilLine(session, 3);
    await world.workers[0]?.kill();
    await world.startWorker();
    expect(await turn.result()).toMatchObject({ status: 'completed', text: 'counted' });
    await expectEachLineOnce(session);
    const events = await readLog(session);
    await stayed.stop();
    expectUndisturbed(events);
    expect(stayed.seen.slice(0, events.length)).toEqual(events.slice(0, stayed.seen.length));
  });

  test('a worker that is told to stop hands its turn over, and nothing happened to the agent', async () => {
    await using world = await openWorld();
    const session = await world.session();
    // It lasts longer than another worker takes to start.
    const turn = session.prompt(countingEvery(2), { id: 'count' });
    await untilLine(session, 3);
    const [first] = world.workers;
    await world.startWorker();
    await first?.stop();
    expect(await turn.result()).toMatchObject({ status: 'completed', text: 'counted' });
    await expectEachLineOnce(session);
    expectUndisturbed(await readLog(session));
    // Handed over, not found dead: the attempt before says so.
    expect(JSON.stringify(await world.history(session.id))).toContain('WorkerShutdown');
  });

  test('a killed and restarted Temporal server changes nothing for the agent', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'harvest-temporal-'));
    const server = await startTemporalServer({
      binary: { path: sharedStack().temporal.binary },
      databaseFile: join(directory, 'temporal.db'),
      logFile: join(directory, 'temporal.log'),
      environment: process.env,
      log: () => undefined,
    });
    try {
      await using world = await openWorld({ temporal: { address: server.address, namespace: 'default' } });
      const session = await world.session();
      const turn = session.prompt(counting, { id: 'count' });
      await untilLine(session, 3);
      await server.kill();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await server.restart();
      expect(await turn.result()).toMatchObject({ status: 'completed', text: 'counted' });
      await expectEachLineOnce(session);
      expectUndisturbed(await readLog(session));
    } finally {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  test.each([
    ['agent', 'pkill -KILL -u agent -f claude'],
    ['supervisor', `kill -KILL $(${supervisorPid})`],
  ])('a killed %s has its turn continued exactly once', async (_, command) => {
    await using world = await openWorld();
    const session = await world.session();
    await session.prompt('!say before', { id: 'before' }).result();
    const turn = session.prompt('!bash echo begun >> counted.txt\n!sleep-bash 5\n!say survived', {
      id: 'victim',
    });
    await untilLine(session, 1);
    await controlSandboxes().execAsRoot(session.id, command);
    expect(await turn.result()).toMatchObject({ status: 'completed', text: 'survived' });
    const events = await readLog(session);
    expectWholeLog(events);
    expect(count(events, 'turn.continued')).toBe(1);
    expect(count(events, 'turn.restarted') + count(events, 'sandbox.lost')).toBe(0);
  });

  test('a killed sandbox has its turn restarted exactly once, with conversation and files of every finished turn', async () => {
    await using world = await openWorld();
    const session = await world.session();
    await session
      .prompt(
        'Remember the word "tamarind".\n!bash echo kept > kept.txt; git add -A; git commit -qm kept; echo loose > loose.txt\n!say kept',
        { id: 'kept' },
      )
      .result();
    const turn = session.prompt('!bash sleep 2; cat kept.txt loose.txt\n!recall word "([a-z]+)"', {
      id: 'victim',
    });
    for await (const event of session.events())
      if (event.turnId === 'victim' && event.type === 'tool.started') break;
    await controlSandboxes().kill(session.id);
    const result = await turn.result();
    expect(result).toMatchObject({ status: 'completed' });
    expect(result.text).toContain('tamarind');
    const files = await session.exec(['sh', '-c', 'cat kept.txt loose.txt; git status --short']);
    expect(files.output).toBe('kept\nloose\n?? loose.txt\n');
    const events = await readLog(session);
    expectWholeLog(events);
    expect(count(events, 'turn.restarted')).toBe(1);
    expect(count(events, 'sandbox.lost')).toBe(1);
    expect(count(events, 'turn.continued')).toBe(0);
  });

  test('a supervisor that dies between a restore and the first prompt keeps the conversation', async () => {
    await using world = await openWorld();
    const session = await world.session();
    await session.prompt('Remember the word "quince".\n!say noted', { id: 'first' }).result();
    await session.pause();
    await session.resume();
    await controlSandboxes().execAsRoot(session.id, `kill -KILL $(${supervisorPid})`);
    const { text } = await session.prompt('Which one?\n!recall word "([a-z]+)"', { id: 'second' }).result();
    expect(text).toContain('quince');
    expectWholeLog(await readLog(session));
  });
});
