/** The reaper on a real store and the emulator; what Temporal says of sessions is told by the test. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { SessionLife } from '../../src/activities/ownership.ts';
import { reap } from '../../src/activities/reap.ts';
import type { ReaperDeps } from '../../src/activities/reap.ts';
import { sandboxNameOf } from '../../src/contracts/ids.ts';
import { ProviderUnavailable } from '../../src/sandbox/errors.ts';
import type { Sandbox } from '../../src/sandbox/provider.ts';
import { checkpoint, ownEvent } from '../store/conformance/material.ts';
import { makeLedgerOlder } from '../support/ledger-age.ts';
import { emulatorOfFile } from './support/emulator-of-file.ts';
import { storeOfTest } from './support/store-of-test.ts';

const subject = emulatorOfFile();
const { store, dataDirectory, reopen } = storeOfTest();
const lives = new Map<string, SessionLife>();

const running: SessionLife = { kind: 'running', ownsSandbox: true };
const paused: SessionLife = { kind: 'running', ownsSandbox: false };
const closed: SessionLife = { kind: 'closed' };

beforeEach(() => lives.clear());

function deps(more: Partial<ReaperDeps> = {}): ReaperDeps {
  return {
    store: store(),
    provider: subject().provider,
    lookUpSession: async (sessionId) => lives.get(sessionId) ?? { kind: 'unknown' },
    graceSeconds: 0,
    redact: (text) => text,
    log: () => undefined,
    ...more,
  };
}

async function runs(sessionId: string, generation = 1): Promise<Sandbox> {
  return subject().provider.create({
    name: sandboxNameOf(sessionId, generation),
    image: subject().image,
    command: ['sleep', '600'],
    tags: { session: sessionId, generation: String(generation) },
    timeoutSeconds: 600,
  });
}

async function intend(sessionId: string, generation = 1): Promise<void> {
  await store().sandboxes.recordIntent({
    name: sandboxNameOf(sessionId, generation),
    sessionId,
    generation,
  });
}

/** One that the ledger knows. */
async function known(sessionId: string, generation = 1): Promise<Sandbox> {
  await intend(sessionId, generation);
  const sandbox = await runs(sessionId, generation);
  await store().sandboxes.recordCreated({
    name: sandboxNameOf(sessionId, generation),
    sandboxId: sandbox.sandboxId,
  });
  return sandbox;
}

describe('a sandbox that runs', () => {
  test('stays while its session runs with it, also before the ledger knows its id', async () => {
    lives.set('a', running).set('b', running);
    const sandbox = await known('a');
    await intend('b');
    const young = await runs('b');
    expect(await reap(deps())).toMatchObject({ sandboxes: 2, owned: 2, ended: [], problems: [] });
    expect([await sandbox.isRunning(), await young.isRunning()]).toEqual([true, true]);
  });

  test('is ended when its session is closed, is paused, or is at a later generation', async () => {
    lives.set('closed', closed).set('paused', paused).set('moved', running);
    const sandboxes = [await known('closed'), await known('paused'), await known('moved', 1)];
    const current = await known('moved', 2);
    const report = await reap(deps());
    expect(report).toMatchObject({ sandboxes: 4, owned: 1, problems: [] });
    expect(report.ended.map(({ name, why }) => `${name}: ${why}`).toSorted()).toEqual([
      'closed-g1: its session "closed" is closed',
      'moved-g1: its session "moved" is at generation 2',
      'paused-g1: its session "paused" is paused',
    ]);
    for (const sandbox of sandboxes) expect(await sandbox.isRunning()).toBe(false);
    expect(await current.isRunning()).toBe(true);
    expect((await store().sandboxes.listOpen()).map(({ name }) => name)).toEqual(['moved-g2']);
  });

  test('is ended when another one has its place, or its create was given up before it came', async () => {
    lives.set('a', running).set('b', running);
    await intend('a');
    await store().sandboxes.recordCreated({ name: 'a-g1', sandboxId: 'sb-other' });
    await intend('b');
    const row = await store().sandboxes.find('b-g1');
    if (row !== null) await store().sandboxes.recordEnded(row, 'it was never created');
    const late = [await runs('a'), await runs('b')];
    expect((await reap(deps())).ended).toHaveLength(2);
    for (const sandbox of late) expect(await sandbox.isRunning()).toBe(false);
    expect(await store().sandboxes.find('a-g1')).toMatchObject({ sandboxId: 'sb-other', endedAt: null });
  });

  test('is ended only when it was seen without an owner for long enough, over restarts of the worker', async () => {
    lives.set('a', closed);
    const sandbox = await known('a');
    const patient = deps({ graceSeconds: 1 });
    expect(await reap(patient)).toMatchObject({ ended: [], waiting: ['a-g1: its session "a" is closed'] });
    expect(await sandbox.isRunning()).toBe(true);
    // Owned again for a moment: the grace period begins anew.
    lives.set('a', running);
    expect(await reap(deps({ graceSeconds: 3_600 }))).toMatchObject({ owned: 1, waiting: [] });
    lives.set('a', closed);
    await reap(patient);
    await reopen();
    await expect
      .poll(async () => (await reap(deps({ graceSeconds: 1 }))).ended.length, { interval: 200 })
      .toBe(1);
    expect(await sandbox.isRunning()).toBe(false);
  });

  test('is left alone when it is not in this ledger: another Harvest uses the same app', async () => {
    lives.set('theirs', closed);
    const theirs = await runs('theirs');
    const other = await subject().provider.create({
      name: 'somebody-elses',
      image: subject().image,
      command: ['sleep', '600'],
      tags: {},
      timeoutSeconds: 600,
    });
    expect(await reap(deps())).toMatchObject({ sandboxes: 0, ended: [], waiting: [], problems: [] });
    expect([await theirs.isRunning(), await other.isRunning()]).toEqual([true, true]);
  });

  test('is left alone and told when Temporal knows nothing of its session, unless the event log has its end', async () => {
    const unknown = await known('unknown');
    const forgotten = await known('forgotten');
    const end = { type: 'session.closed', data: { reason: 'terminated' } } as const;
    await store().events.appendOwn('forgotten', [{ ...ownEvent('end'), body: end }]);
    const report = await reap(deps());
    expect(report.ended).toMatchObject([{ name: 'forgotten-g1' }]);
    expect(report.problems).toEqual([
      `sandbox unknown-g1 (${unknown.sandboxId}) is left alone: Temporal knows nothing of its session "unknown"`,
    ]);
    expect([await unknown.isRunning(), await forgotten.isRunning()]).toEqual([true, false]);
  });

  test('is left alone when Temporal cannot be asked, and the rest is done all the same', async () => {
    const sandbox = await known('a');
    await store().closedSessions.record('old', '2020-01-01T00:00:00.000Z');
    const lookUpSession = async (): Promise<never> => {
      throw new Error('Temporal does not answer');
    };
    const report = await reap(deps({ lookUpSession }));
    expect(report.problems).toEqual([
      'the running sandboxes could not be looked through: Temporal does not answer',
    ]);
    expect(report.forgottenSessions).toEqual(['old']);
    expect(await sandbox.isRunning()).toBe(true);
  });
});

describe('an open row without a running sandbox', () => {
  test('is settled when nothing of it can come any more and its session is not at work on it', async () => {
    lives.set('closed', closed).set('busy', running).set('dead', closed);
    await intend('closed');
    await intend('busy');
    await (await known('dead')).terminate();
    makeLedgerOlder(dataDirectory(), 11);
    await intend('fresh');
    await reap(deps());
    expect((await store().sandboxes.listOpen()).map(({ name }) => name)).toEqual(['busy-g1', 'fresh-g1']);
    expect(await store().sandboxes.find('closed-g1')).toMatchObject({ endedReason: 'it was never created' });
    expect(await store().sandboxes.find('dead-g1')).toMatchObject({
      endedReason: 'nobody owned it: ended by the reaper',
    });
  });

  test('that cannot be looked for keeps no others waiting', async () => {
    lives.set('dark', closed).set('old', closed);
    await intend('dark');
    await intend('old');
    makeLedgerOlder(dataDirectory(), 11);
    const { provider } = subject();
    const findByName = async (name: string): Promise<Sandbox | null> => {
      if (name === 'dark-g1') throw new ProviderUnavailable('no answer');
      return provider.findByName(name);
    };
    const patched = Object.assign(Object.create(provider), {
      findByName,
      list: async () => provider.list({}),
      deleteImage: async () => undefined,
    });
    const report = await reap(deps({ provider: patched }));
    expect(report.problems).toEqual(["the ledger's row of dark-g1 could not be settled: no answer"]);
    expect((await store().sandboxes.listOpen()).map(({ name }) => name)).toEqual(['dark-g1']);
  });
});

describe('what is kept of a closed session', () => {
  const snapshotOf = (imageId: string) => ({ imageId, runtimeVersion: '1-sdk.0.0.0', generation: 1 });

  test('goes when its retention time is over, and its images with it', async () => {
    const { imageId } = await (await runs('a')).snapshot({ timeoutSeconds: 60 });
    await store().snapshots.record(checkpoint('c', { snapshot: snapshotOf(imageId) }), 'pause');
    await store().closedSessions.record('s', new Date(Date.now() + 3_600_000).toISOString());
    expect(await reap(deps())).toMatchObject({ forgottenSessions: [], deletedImages: [] });
    await store().deleteSession('s', { keepEvents: true });
    await store().snapshots.record(checkpoint('c', { snapshot: snapshotOf(imageId) }), 'pause');
    await store().closedSessions.record('s', new Date().toISOString());
    expect(await reap(deps())).toMatchObject({ forgottenSessions: ['s'], deletedImages: [imageId] });
    expect(await store().checkpoints.list('s')).toEqual([]);
    const from = { name: 'x-g1', image: { imageId }, command: ['true'], tags: {}, timeoutSeconds: 60 };
    await expect(subject().provider.create(from)).rejects.toThrow('does not exist any more');
  });

  test('begins its retention time when somebody terminated its workflow', async () => {
    lives.set('s', closed).set('open', running);
    await store().checkpoints.save(checkpoint('c'));
    await store().checkpoints.save(checkpoint('c', { sessionId: 'open' }));
    await reap(deps());
    expect(await store().closedSessions.listUnrecorded()).toEqual(['open']);
    const afterAll30Days = new Date(Date.now() + 31 * 24 * 3_600_000).toISOString();
    expect(await store().closedSessions.listOver(afterAll30Days)).toEqual(['s']);
  });

  test('stays in the account when it cannot be deleted now, for the next look', async () => {
    await store().snapshots.record(checkpoint('c', { snapshot: snapshotOf('im-1') }), 'pause');
    await store().deleteSession('s');
    const { provider } = subject();
    const deleteImage = async (): Promise<never> => {
      throw new ProviderUnavailable('no answer');
    };
    const failing = Object.assign(Object.create(provider), { list: async () => [], deleteImage });
    const report = await reap(deps({ provider: failing }));
    expect(report.problems).toEqual(['snapshot im-1 of session s could not be deleted: no answer']);
    expect(await reap(deps())).toMatchObject({ deletedImages: ['im-1'], problems: [] });
    expect(await reap(deps())).toMatchObject({ deletedImages: [] });
  });
});
