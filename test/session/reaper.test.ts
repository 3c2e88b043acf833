/** A worker's reaper, by its Temporal Schedule: it ends what nobody owns, reports it, and touches nobody else's (I7). */
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { ReapReport } from '../../src/activities/types.ts';
import { executionOwner, workflowIdOf } from '../../src/contracts/ids.ts';
import { openStore } from '../../src/store/open-store.ts';
import { controlSandboxes } from '../support/emulator-control.ts';
import { eventually } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';
import { expect, test } from 'vitest';

const oftenAndSoon = { HARVEST_REAPER_INTERVAL_SECONDS: '2', HARVEST_REAPER_GRACE_SECONDS: '1' };

async function withTemporal<T>(world: World, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: world.temporal.address });
  try {
    return await work(new Client({ connection, namespace: world.temporal.namespace }));
  } finally {
    await connection.close();
  }
}

/** What the world's reaper has reported so far, by the workflows that its schedule started. */
async function reports(world: World, client: Client): Promise<ReapReport[]> {
  const { info } = await client.schedule.getHandle(`${world.taskQueue}-reaper`).describe();
  const started = info.recentActions.map(({ action }) => action.workflow);
  const results = started.map(async ({ workflowId }) => {
    const handle = client.workflow.getHandle(workflowId);
    const { status } = await handle.describe();
    return status.name === 'COMPLETED' ? ((await handle.result()) as ReapReport) : null;
  });
  return (await Promise.all(results)).filter((report) => report !== null);
}

async function readySession(world: World): Promise<string> {
  const session = await world.session();
  await session.prompt('say hello').result();
  return session.id;
}

test('a sandbox whose session was torn off is ended and reported; those of others stay', async () => {
  await using world = await openWorld({ worker: false });
  await world.startWorker(oftenAndSoon);
  await using neighbour = await openWorld();
  const [torn, kept, theirs] = [
    await readySession(world),
    await readySession(world),
    await readySession(neighbour),
  ];
  const sandboxes = controlSandboxes();
  expect(await sandboxes.list(torn)).toHaveLength(1);
  await withTemporal(world, async (client) => {
    await client.workflow.getHandle(workflowIdOf(torn)).terminate('torn off');
    await eventually(
      () => sandboxes.list(torn),
      (running) => running.length === 0,
    );
    const told = await eventually(
      async () => (await reports(world, client)).flatMap(({ ended }) => ended),
      (ended) => ended.length > 0,
    );
    expect(told).toMatchObject([{ name: `${torn}-g1`, why: `its session "${torn}" is closed` }]);
    const [report] = await reports(world, client);
    // Others' sandboxes on the same Modal app and Temporal server are not counted either.
    expect(report).toMatchObject({ problems: [] });
    expect(report?.sandboxes).toBeLessThanOrEqual(2);
  });
  expect(await sandboxes.list(kept)).toHaveLength(1);
  expect(await sandboxes.list(theirs)).toHaveLength(1);
  await using store = await openStore({ dataDirectory: world.dataDirectory });
  expect((await store.sandboxes.listOpen()).map(({ name }) => name)).toEqual([`${kept}-g1`]);
});

test('an execution that was torn off leaves no sandbox; one that runs keeps its own', async () => {
  await using world = await openWorld({ worker: false });
  await world.startWorker(oftenAndSoon);
  const begun = async (executionId: string): Promise<string> => {
    const code = 'echo begun; sleep 600';
    for await (const _ of world.harvest.executeCode({ executionId, language: 'bash', code })) break;
    return executionOwner(executionId);
  };
  const id = randomBytes(4).toString('hex');
  const [torn, kept] = [await begun(`torn-${id}`), await begun(`kept-${id}`)];
  const sandboxes = controlSandboxes();
  await withTemporal(world, async (client) => {
    await client.workflow.getHandle(workflowIdOf(torn)).terminate('torn off');
    const told = await eventually(
      async () => (await reports(world, client)).flatMap(({ ended }) => ended),
      (ended) => ended.length > 0,
    );
    expect(told).toMatchObject([{ name: `${torn}-g1`, why: `its session "${torn}" is closed` }]);
    expect(await sandboxes.list(torn)).toEqual([]);
    expect(await sandboxes.list(kept)).toHaveLength(1);
    await client.workflow.getHandle(workflowIdOf(kept)).cancel();
  });
  await eventually(
    () => sandboxes.list(kept),
    (left) => left.length === 0,
  );
});

test('a schedule that somebody paused stays paused when another worker brings its own interval', async () => {
  await using world = await openWorld();
  await withTemporal(world, async (client) => {
    const schedule = client.schedule.getHandle(`${world.taskQueue}-reaper`);
    const described = async () => schedule.describe().catch(() => null);
    await eventually(described, (found) => found !== null);
    await schedule.pause('while Modal is being moved');
    await world.startWorker({ HARVEST_REAPER_INTERVAL_SECONDS: '7' });
    const updated = await eventually(described, (found) => found?.spec.intervals?.[0]?.every === 7_000);
    expect(updated?.state).toMatchObject({ paused: true, note: 'while Modal is being moved' });
    expect(updated?.policies.overlap).toBe('SKIP');
  });
});
