/** A session id that Temporal gives away again, while the store keeps what belongs to it (I5, I7). */
import { randomBytes } from 'node:crypto';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { SessionIdUsed } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import { openStore } from '../../src/store/open-store.ts';
import { controlSandboxes } from '../support/emulator-control.ts';
import { eventually, expectWholeLog, readLog } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';

async function withTemporal<T>(world: World, use: (client: Client) => Promise<T>): Promise<T> {
  const { address, namespace } = world.temporal;
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}

/** As Temporal does at the end of a closed session's retention, or with one that was ended by force. */
async function forget(world: World, sessionId: string): Promise<void> {
  await withTemporal(world, async (client) => {
    const workflowId = workflowIdOf(sessionId);
    const { namespace } = world.temporal;
    await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
    const isKnown = async (): Promise<boolean> =>
      client.workflow
        .getHandle(workflowId)
        .describe()
        .then(
          () => true,
          () => false,
        );
    await eventually(isKnown, (known) => !known);
  });
}

/** As a caller without our client would, and without its look into the store. */
async function startAgain(world: World, sessionId: string): Promise<unknown> {
  const repository = await world.repository();
  return withTemporal(world, async (client) =>
    client.workflow
      .execute('session', {
        taskQueue: world.taskQueue,
        workflowId: workflowIdOf(sessionId),
        args: [
          { sessionId, repositories: [{ url: repository }], user: { name: 'Bob', email: 'bob@example.com' } },
        ],
      })
      .catch((error: unknown) => error),
  );
}

async function ledgerOf(world: World, sessionId: string) {
  await using store = await openStore({ dataDirectory: world.dataDirectory });
  return await store.sandboxes.find(`${sessionId}-g1`);
}

test('an id whose session has ended is refused, and nothing of that session is touched', async () => {
  await using world = await openWorld();
  const sessionId = `used-${randomBytes(5).toString('hex')}`;
  const session = await world.session({ sessionId });
  await session.prompt('!say once').result();
  await session.terminate();
  await eventually(
    () => ledgerOf(world, sessionId),
    (row) => row?.endedAt !== null,
  );
  const log = await readLog(session);
  expectWholeLog(log);
  const ledger = await ledgerOf(world, sessionId);
  await forget(world, sessionId);

  const sentence = `session id "${sessionId}" was used by an earlier session, and its event log is kept: choose another id`;
  await expect(world.session({ sessionId })).rejects.toThrow(SessionIdUsed);
  await expect(world.session({ sessionId })).rejects.toThrow(sentence);
  const failure = await startAgain(world, sessionId);
  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect((failure as WorkflowFailedError).cause).toMatchObject({ type: 'SessionIdUsed', message: sentence });

  expect(await readLog(session)).toEqual(log);
  expect(await ledgerOf(world, sessionId)).toEqual(ledger);
  expect(await controlSandboxes().list(sessionId)).toEqual([]);
});

test('so is one whose session was ended by force, and its running sandbox is not taken over', async () => {
  await using world = await openWorld();
  const sessionId = `forced-${randomBytes(5).toString('hex')}`;
  const session = await world.session({ sessionId });
  await session.prompt('!say once').result();
  const [sandbox] = await controlSandboxes().list(sessionId);
  const log = await readLog(session);
  await forget(world, sessionId);

  const failure = await startAgain(world, sessionId);
  expect((failure as WorkflowFailedError).cause).toMatchObject({ type: 'SessionIdUsed' });
  expect(await readLog(session)).toEqual(log);
  expect(await controlSandboxes().list(sessionId)).toEqual([sandbox]);
  await controlSandboxes().kill(sessionId);
});
