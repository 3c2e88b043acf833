/** What the ledger is made to say of sandboxes that nobody heard of, on a real store and the emulator. */
import { describe, expect, test } from 'vitest';
import { endSandboxes } from '../../src/activities/end-sandboxes.ts';
import type { LedgerDeps } from '../../src/activities/end-sandboxes.ts';
import { findOrCreate } from '../../src/activities/find-or-create.ts';
import { ImageGone, ProviderBusy } from '../../src/sandbox/errors.ts';
import type { Sandbox } from '../../src/sandbox/provider.ts';
import { makeLedgerOlder } from '../support/ledger-age.ts';
import { emulatorOfFile } from './support/emulator-of-file.ts';
import { storeOfTest } from './support/store-of-test.ts';

const all = { below: Number.POSITIVE_INFINITY };
const unhurried = { signal: new AbortController().signal, cancelRequested: () => false };

const subject = emulatorOfFile();
const { store, dataDirectory } = storeOfTest();

function deps(): LedgerDeps {
  return { store: store(), provider: subject().provider, log: () => undefined };
}

function wanted(name: string, imageId = subject().image.imageId) {
  const tags = { session: 's', generation: '1' };
  const command = ['sleep', '600'];
  return { name, image: { imageId }, command, tags, timeoutSeconds: 600, sessionId: 's', generation: 1 };
}

/** One that a request brings of which nobody heard. */
async function comesLate(name: string): Promise<Sandbox> {
  const { sessionId: _session, generation: _generation, ...request } = wanted(name);
  return subject().provider.create(request);
}

async function intend(name: string): Promise<void> {
  await store().sandboxes.recordIntent({ name, sessionId: 's', generation: 1 });
}

describe('an intent without an answer', () => {
  test('stays open until its sandbox is there, which is ended then', async () => {
    await intend('s-g1');
    expect(await endSandboxes(deps(), 's', all)).toBe(false);
    expect(await store().sandboxes.listOpen()).toHaveLength(1);
    const late = await comesLate('s-g1');
    expect(await endSandboxes(deps(), 's', all)).toBe(true);
    expect(await late.isRunning()).toBe(false);
    expect(await store().sandboxes.find('s-g1')).toMatchObject({
      sandboxId: late.sandboxId,
      endedReason: 'ended by the session',
    });
  });

  test('ends when no request can be under way any more', async () => {
    await intend('s-g1');
    makeLedgerOlder(dataDirectory(), 11);
    expect(await endSandboxes(deps(), 's', all)).toBe(true);
    expect(await store().sandboxes.find('s-g1')).toMatchObject({ endedReason: 'it was never created' });
  });

  test('of an earlier attempt is looked for beside the sandbox of the later one', async () => {
    await intend('s-g1');
    const sandbox = await findOrCreate(deps(), wanted('s-g1'), unhurried);
    expect(await endSandboxes(deps(), 's', all)).toBe(false);
    expect(await sandbox.isRunning()).toBe(false);
    const late = await comesLate('s-g1');
    expect(await endSandboxes(deps(), 's', all)).toBe(true);
    expect(await late.isRunning()).toBe(false);
    expect(await store().sandboxes.listOpen()).toEqual([]);
  });

  test('of an earlier attempt does not keep a session open for ever', async () => {
    await intend('s-g1');
    await findOrCreate(deps(), wanted('s-g1'), unhurried);
    makeLedgerOlder(dataDirectory(), 11);
    expect(await endSandboxes(deps(), 's', all)).toBe(true);
  });
});

describe('a create', () => {
  test('that was refused says nothing of an attempt that began after it', async () => {
    const { provider } = subject();
    const create = async (): Promise<Sandbox> => {
      await expect
        .poll(() => new Date().toISOString())
        .not.toBe((await store().sandboxes.find('s-g1'))?.intendedAt);
      await intend('s-g1');
      throw new ProviderBusy('no room');
    };
    const findByName = async (): Promise<null> => null;
    const busy = { ...deps(), provider: Object.assign(Object.create(provider), { create, findByName }) };
    await expect(findOrCreate(busy, wanted('s-g1'), unhurried)).rejects.toThrow(ProviderBusy);
    expect(await store().sandboxes.listOpen()).toMatchObject([{ name: 's-g1', endedAt: null }]);
  });

  test('that was refused is certain, and the next attempt opens the row again', async () => {
    await expect(findOrCreate(deps(), wanted('s-g1', 'im-gone'), unhurried)).rejects.toThrow(ImageGone);
    expect(await store().sandboxes.find('s-g1')).toMatchObject({ endedReason: 'it was not created' });
    subject().emulator.faults.fail('SandboxCreateV2', 1, 'RESOURCE_EXHAUSTED');
    await expect(findOrCreate(deps(), wanted('s-g1'), unhurried)).rejects.toThrow(ProviderBusy);
    expect(await store().sandboxes.listOpen()).toEqual([]);
    const { sandboxId } = await findOrCreate(deps(), wanted('s-g1'), unhurried);
    expect(await store().sandboxes.listOpen()).toMatchObject([{ name: 's-g1', sandboxId, doubtedAt: null }]);
  });

  test('whose attempt lets go without a wish to cancel goes on, and the next attempt finds its sandbox', async () => {
    const leaving = new AbortController();
    subject().emulator.faults.delay('SandboxCreateV2', 1_000, 1);
    const first = findOrCreate(deps(), wanted('s-g1'), { ...unhurried, signal: leaving.signal });
    first.catch(() => undefined);
    await expect.poll(async () => store().sandboxes.find('s-g1')).not.toBeNull();
    leaving.abort(new Error('the worker shuts down'));
    await expect(first).rejects.toThrow('the worker shuts down');
    await expect.poll(async () => (await store().sandboxes.find('s-g1'))?.sandboxId ?? null).toMatch(/^sb-/);
    const { sandboxId } = await findOrCreate(deps(), wanted('s-g1'), unhurried);
    expect(await subject().provider.list({ session: 's' })).toMatchObject([{ sandboxId, name: 's-g1' }]);
  });

  test('that is cancelled is waited for, and what it brought is ended', async () => {
    const leaving = new AbortController();
    subject().emulator.faults.delay('SandboxCreateV2', 1_000, 1);
    const cancelled = { signal: leaving.signal, cancelRequested: () => true };
    const creating = findOrCreate(deps(), wanted('s-g1'), cancelled);
    creating.catch(() => undefined);
    await expect.poll(async () => store().sandboxes.find('s-g1')).not.toBeNull();
    leaving.abort(new Error('the session is ended'));
    await expect(creating).rejects.toThrow('the session is ended');
    expect(await store().sandboxes.find('s-g1')).toMatchObject({ endedReason: 'ended by the session' });
    expect(await subject().provider.list({ session: 's' })).toEqual([]);
  });
});
