/** Processes killed between the ledger's entry and the end of a create: no sandbox is left over, and never two of a session (I7). */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findOrCreate } from '../../src/activities/find-or-create.ts';
import type { SessionLife } from '../../src/activities/ownership.ts';
import { reap } from '../../src/activities/reap.ts';
import type { ReapReport } from '../../src/activities/types.ts';
import { createModalProvider } from '../../src/sandbox/modal-provider.ts';
import type { SandboxProvider } from '../../src/sandbox/provider.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { makeLedgerOlder } from '../support/ledger-age.ts';
import { sharedStack } from '../support/stack.ts';

const program = join(import.meta.dirname, 'fixtures/creator.ts');
/** Each is killed once at one of these places, so many times that every session goes through all of them. */
const places = ['intended', 'sent', 'created', 'sent', 'sent'] as const;
const sessions = 10;

let dataDirectory: string;
let store: Store;
let provider: SandboxProvider;
let imageId: string;
const run = randomBytes(4).toString('hex');

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'harvest-kills-'));
  store = await openStore({ dataDirectory });
  const { modal } = sharedStack();
  provider = createModalProvider({
    serverUrl: modal.url,
    credentials: modal.credentials,
    log: () => undefined,
  });
  imageId = (await provider.buildImage({ from: 'debian:bookworm-slim', commands: [] }, () => {})).imageId;
});
afterEach(async () => {
  await provider.close();
  await store.close();
  await rm(dataDirectory, { recursive: true });
});

async function killAt(sessionId: string, place: (typeof places)[number], delayMs: number): Promise<void> {
  const { modal } = sharedStack();
  const { url: serverUrl, credentials } = modal;
  const orders = { dataDirectory, serverUrl, credentials, imageId, sessionId, stopAt: place };
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] },
  });
  const exited = once(child, 'exit');
  // One whose sandbox was there already may have ended by itself before it came to its place.
  await Promise.race([once(child.stdout, 'data'), exited]);
  if (place === 'sent') await sleep(delayMs);
  child.kill('SIGKILL');
  await exited;
}

function wanted(sessionId: string) {
  const tags = { session: sessionId, generation: '1' };
  const about = { sessionId, generation: 1, name: `${sessionId}-g1` };
  return { ...about, image: { imageId }, command: ['sleep', '600'], tags, timeoutSeconds: 600 };
}

async function sandboxesOf(sessionId: string): Promise<string[]> {
  return (await provider.list({ session: sessionId })).map(({ sandboxId }) => sandboxId);
}

async function reapWith(life: SessionLife): Promise<ReapReport> {
  const parts = { store, provider, graceSeconds: 0, redact: (text: string) => text, log: () => undefined };
  return reap({ ...parts, lookUpSession: async () => life });
}

test('fifty kills around a create leave no orphan and never two sandboxes of one session', async () => {
  const unhurried = { signal: new AbortController().signal, cancelRequested: () => false };
  const deps = { store, provider, log: () => undefined };
  const ids = Array.from({ length: sessions }, (_, index) => `kill-${run}-${index}`);
  let kills = 0;
  const killAll = async (sessionId: string, index: number): Promise<void> => {
    for (const [turn, place] of places.entries()) {
      await killAt(sessionId, place, ((index * 7 + turn * 13) % 40) * 4);
      kills += 1;
      expect((await sandboxesOf(sessionId)).length).toBeLessThanOrEqual(1);
    }
  };
  await Promise.all(ids.slice(0, sessions / 2).map(killAll));
  await Promise.all(ids.slice(sessions / 2).map(killAll));
  expect(kills).toBe(50);
  // Half of the sessions go on: each finds or gets the one sandbox. The others were torn off.
  const goingOn = ids.slice(0, sessions / 2);
  for (const sessionId of goingOn) {
    const { sandboxId } = await findOrCreate(deps, wanted(sessionId), unhurried);
    expect(await sandboxesOf(sessionId)).toEqual([sandboxId]);
  }
  const running = await reapWith({ kind: 'running', ownsSandbox: true });
  expect(running).toMatchObject({ ended: [], problems: [], owned: running.sandboxes });
  for (const sessionId of goingOn) expect(await sandboxesOf(sessionId)).toHaveLength(1);

  makeLedgerOlder(dataDirectory, 11);
  expect((await reapWith({ kind: 'closed' })).problems).toEqual([]);
  for (const sessionId of ids) expect(await sandboxesOf(sessionId)).toEqual([]);
  expect(await store.sandboxes.listOpen()).toEqual([]);
});
