/** A session that ends while its sandbox is being created leaves none behind, whenever Modal gets to it (I7). */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SandboxRecord } from '../../src/store/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { controlSandboxes } from '../support/emulator-control.ts';
import { count, eventually, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';

async function strike(fault: object): Promise<void> {
  const { controlUrl } = sharedStack().modal;
  const answer = await fetch(`${controlUrl}/faults`, { method: 'POST', body: JSON.stringify(fault) });
  expect(answer.status).toBe(200);
}

async function creates(): Promise<number> {
  const calls = (await (await fetch(`${sharedStack().modal.controlUrl}/calls`)).json()) as { rpc: string }[];
  return calls.filter(({ rpc }) => rpc === 'SandboxCreateV2').length;
}

/** What the ledger says of the session's first sandbox. */
async function rowOf(world: World, sessionId: string): Promise<SandboxRecord | null> {
  await using store = await openStore({ dataDirectory: world.dataDirectory });
  return await store.sandboxes.find(`${sessionId}-g1`);
}

/** Whether the ledger says that a sandbox of the session runs or may still come. */
async function isOpen(world: World, sessionId: string): Promise<boolean> {
  await using store = await openStore({ dataDirectory: world.dataDirectory });
  const open = await store.sandboxes.listOpen();
  return open.some((row) => row.sessionId === sessionId);
}

/** Runs `during` from when the ledger knows of the session's sandbox until the emulator was asked for it, slowly. */
async function whileCreating(delayMs: number, world: World, during: (sessionId: string) => Promise<void>) {
  const sessionId = `late-${randomBytes(5).toString('hex')}`;
  const before = await creates();
  // Every create until it is cleared: other test files use the same emulator.
  await strike({ fault: 'delay', rpc: 'SandboxCreateV2', delayMs });
  try {
    await world.session({ sessionId });
    await eventually(
      () => rowOf(world, sessionId),
      (row) => row !== null,
    );
    await eventually(creates, (now) => now > before);
    await during(sessionId);
  } finally {
    await strike({ fault: 'clear' });
  }
  return sessionId;
}

async function expectNothingLeft(world: World, sessionId: string): Promise<void> {
  await eventually(
    () => isOpen(world, sessionId),
    (open) => !open,
  );
  // The emulator did create it.
  expect((await rowOf(world, sessionId))?.sandboxId).toMatch(/^sb-/);
  expect(await controlSandboxes().list(sessionId)).toEqual([]);
  const events = await readLog(world.harvest.session(sessionId));
  expect(count(events, 'session.closed')).toBe(1);
  expect(events.find((event) => event.type === 'session.closed')?.data).toEqual({ reason: 'terminated' });
}

describe('a sandbox that comes late', () => {
  test('is ended when its session was terminated while it was being created', async () => {
    await using world = await openWorld();
    const sessionId = await whileCreating(8_000, world, async (id) => {
      await world.harvest.session(id).terminate().accepted;
    });
    expect(await isOpen(world, sessionId)).toBe(true);
    await world.harvest.session(sessionId).terminate();
    await expectNothingLeft(world, sessionId);
  });

  test('is ended, too, when the worker that asked for it was killed before it could hear the answer', async () => {
    await using world = await openWorld();
    const sessionId = await whileCreating(20_000, world, async () => world.workers[0]?.kill());
    await world.startWorker();
    await world.harvest.session(sessionId).terminate();
    expect(await isOpen(world, sessionId)).toBe(true);
    await expectNothingLeft(world, sessionId);
  });
});
