/** Bounded memory on the whole stack (docs/reliability.md): what is said, or not read, in a turn does not pile up. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Session } from '../../src/client.ts';
import type { SessionEvent, SessionEventOf } from '../../src/contracts/events.ts';
import { forgetMost, memoryOf } from '../memory/support/memory-of.ts';
import { controlSandboxes, supervisorPid } from '../support/emulator-control.ts';
import { count, eventually, expectWholeLog, follow, readLog } from '../support/log-checks.ts';
import { pendingActivity, temporalOf } from '../support/pending-activity.ts';
import { openWorld, type World } from '../support/world.ts';

/** What one turn or exec may add to a process. */
const growthMiB = 150;
const outputLines = 2_800_000;
const deltas = 100_000;

test('a turn of a hundred thousand pieces, before a slow follower and one that stopped reading', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.prompt('!stream 1000', { id: 'warm' }).result();
  const memory = await watchMemory(world, session);
  const stopped = session.events()[Symbol.asyncIterator]();
  await stopped.next();
  const slow = followSlowly(session);
  expect(await session.prompt(`!stream ${deltas}`, { id: 'long' }).result()).toMatchObject({
    status: 'completed',
  });
  await memory.expectBounded();
  const events = await readLog(session);
  expectWholeLog(events);
  expect(numbersIn(textOf(events, 'long'))).toEqual(Array.from({ length: deltas }, (_, index) => index + 1));
  await stopped.return?.();
  expect(await slow.seenAfterwards(events.length)).toEqual(events);
});

test('a tool output of 20 MB: the event log has its beginning, and says where the whole is', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.prompt('!bash seq 10', { id: 'warm' }).result();
  const memory = await watchMemory(world, session);
  await session.prompt(`!bash seq ${outputLines}`, { id: 'large' }).result();
  await memory.expectBounded();
  const [finished] = ofType(await readLog(session), 'tool.finished').filter(
    ({ turnId }) => turnId === 'large',
  );
  const { output = '' } = finished?.data ?? {};
  expect(output).toContain('1\n2\n3\n4\n');
  expect(output.length).toBeLessThan(64 * 1024);
  const path = /(?<path>\/\S+\.txt)/.exec(output)?.groups?.['path'] ?? '';
  const whole = await session.exec(['sh', '-c', 'wc -l < "$0"; tail -n 1 "$0"', path]);
  expect(whole.output.trim().split(/\s+/)).toEqual([`${outputLines}`, `${outputLines}`]);
});

test('an exec that prints 20 MB: the event log has all of it', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.exec(['seq', '10']);
  const memory = await watchMemory(world, session);
  const exec = await session.exec(['seq', `${outputLines}`]);
  expect(exec.output.endsWith(`\n${outputLines}\n`)).toBe(true);
  await memory.expectBounded();
  const events = await readLog(session);
  expectWholeLog(events);
  const printed = ofType(events, 'exec.output').map(({ data }) => data.text);
  expect(numbersIn(printed.join('')).length).toBe(outputLines + 10);
});

test('a store that refuses what the agent says: no followers pile up in the sandbox, and nothing is lost', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.prompt('!say warm').result();
  const stayed = follow(session);
  const memory = await watchMemory(world, session);
  await using temporal = await temporalOf(world);
  const turn = session.prompt('!stream 3000 20', { id: 'long' });
  await eventually(
    () => count(stayed.seen, 'agent.text.delta'),
    (seen) => seen > 10,
  );
  using refusing = refuseDeltas(world);
  // Each attempt gives up at once, and leaves its curl behind.
  await eventually(
    async () => pendingActivity(temporal.client, session.id, 'runTurn'),
    (pending) => (pending?.attempt ?? 0) > 6,
  );
  // One that was cut just now needs a moment to end.
  await eventually(
    async () => curlsIn(session),
    (curls) => curls === 1 || curls === 2,
    20,
  );
  refusing.end();
  expect(await turn.result()).toMatchObject({ status: 'completed' });
  await memory.expectBounded();
  const events = await readLog(session);
  await stayed.stop();
  expectWholeLog(events);
  expect(stayed.seen).toEqual(events);
  expect(numbersIn(textOf(events, 'long'))).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 1));
});

/** Of the worker and of the supervisor, from now on. */
async function watchMemory(world: World, session: Session): Promise<{ expectBounded: () => Promise<void> }> {
  const pid = world.workers[0]?.pid;
  forgetMost(pid);
  await controlSandboxes().execAsRoot(session.id, `echo 5 > /proc/$(${supervisorPid})/clear_refs`);
  const before = { worker: memoryOf(pid).nowMiB, supervisor: (await supervisorMemory(session)).nowMiB };
  return {
    expectBounded: async () => {
      const grownMiB = {
        worker: memoryOf(pid).mostMiB - before.worker,
        supervisor: (await supervisorMemory(session)).mostMiB - before.supervisor,
      };
      expect(grownMiB.worker).toBeLessThan(growthMiB);
      expect(grownMiB.supervisor).toBeLessThan(growthMiB);
    },
  };
}

async function supervisorMemory(session: Session): Promise<{ nowMiB: number; mostMiB: number }> {
  const command = `awk '/^VmHWM|^VmRSS/ { print $2 }' /proc/$(${supervisorPid})/status`;
  const [most = 0, now = 0] = numbersIn(await controlSandboxes().execAsRoot(session.id, command));
  return { nowMiB: now / 1_024, mostMiB: most / 1_024 };
}

function followSlowly(session: Session): { seenAfterwards: (length: number) => Promise<SessionEvent[]> } {
  const seen: SessionEvent[] = [];
  const stop = new AbortController();
  const following = (async () => {
    for await (const event of session.events({ signal: stop.signal })) {
      seen.push(event);
      await sleep(5);
    }
  })();
  return {
    seenAfterwards: async (length) => {
      await eventually(
        () => seen.length,
        (now) => now >= length,
      );
      stop.abort();
      await following;
      return seen;
    },
  };
}

/** As a full disk would, but for the agent's text alone. */
function refuseDeltas({ dataDirectory }: World): Disposable & { end: () => void } {
  const database = new Database(join(dataDirectory, 'store.sqlite'));
  database.exec(
    `create trigger refuse_deltas before insert on events when new.type = 'agent.text.delta'
     begin select raise(abort, 'refused by the test'); end`,
  );
  const end = (): void => {
    if (database.open) database.exec('drop trigger refuse_deltas').close();
  };
  return { end, [Symbol.dispose]: end };
}

/** How many requests for the turn are open at the supervisor. */
async function curlsIn(session: Session): Promise<number> {
  const command = "ps -eo args | grep -c '^curl .*/turns' || true";
  return Number(await controlSandboxes().execAsRoot(session.id, command));
}

function ofType<T extends SessionEvent['type']>(
  events: readonly SessionEvent[],
  type: T,
): SessionEventOf<T>[] {
  return events.filter((event): event is SessionEventOf<T> => event.type === type);
}

function textOf(events: readonly SessionEvent[], turnId: string): string {
  return ofType(events, 'agent.text.delta')
    .map((event) => (event.turnId === turnId ? event.data.text : ''))
    .join('');
}

function numbersIn(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}
