/** What a session hears of a sandbox that does not come to work, and when it is given up. */
import { describe, expect, test } from 'vitest';
import { createSandbox } from '../../src/activities/create-sandbox.ts';
import { CredentialUnavailable, NoRoom } from '../../src/activities/errors.ts';
import { toFailure } from '../../src/activities/failures.ts';
import { ProviderBusy, ProviderUnavailable, SandboxLost } from '../../src/sandbox/errors.ts';
import { sessionOf } from './support/inputs.ts';
import { attemptNumber, depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import type { CommandEnd } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';

const { store } = storeOfTest();

const input = {
  sessionId: 's',
  session: sessionOf(),
  events: [],
  generation: 1,
  snapshot: null,
  lifetimeSeconds: 600,
  patient: false,
};

/** `ends`: of one command after the other, the last one of all that follow. */
async function create(...ends: CommandEnd[]) {
  const left = [...ends];
  const sandbox = scriptedSandbox(() => (left.length > 1 ? left.shift() : left[0]) ?? { code: 0 });
  return createSandbox(depsWith(store(), sandbox), input, attemptNumber(1));
}

/** In a sandbox that takes everything. */
const works = () =>
  depsWith(
    store(),
    scriptedSandbox(() => ({ code: 0 })),
  );

const typesOf = async (): Promise<string[]> =>
  (await store().events.read('s', { after: 0, limit: 100 })).map(({ type }) => type);

const diskFull = { code: 120, stderr: 'cat: write error: No space left on device' };

describe('a sandbox that does not take its supervisor', () => {
  test('is lost after some tries, with what it said, so that another one takes its place', async () => {
    const creating = create(diskFull);
    await expect(creating).rejects.toThrow(SandboxLost);
    await expect(creating).rejects.toThrow('No space left on device');
  });

  test('is used when it takes it after all', async () => {
    expect(await create(diskFull, diskFull, { code: 0 })).toMatchObject({ sandboxId: 'sb-1' });
    expect(await typesOf()).toEqual(['sandbox.creating', 'sandbox.ready']);
  });
});

describe('a credential that is refused', () => {
  test('costs no sandbox', async () => {
    const deps = works();
    const session = sessionOf({ github: { from: 'environment', variable: 'GITHUB_TOKEN' } });
    const creating = createSandbox(deps, { ...input, session }, attemptNumber(1));
    await expect(creating).rejects.toThrow(CredentialUnavailable);
    expect(deps.creates()).toBe(0);
    expect(await store().sandboxes.listOpen()).toEqual([]);
    expect(await typesOf()).toEqual([]);
  });
});

test('an outage while earlier sandboxes are ended is told, too', async () => {
  await store().sandboxes.recordIntent({ name: 's-g1', sessionId: 's', generation: 1 });
  const deps = works();
  const findByName = async (): Promise<never> => {
    throw new ProviderUnavailable('Modal does not answer');
  };
  const creating = createSandbox(
    { ...deps, provider: { ...deps.provider, findByName } },
    { ...input, generation: 2 },
    attemptNumber(1),
  );
  await expect(creating).rejects.toThrow(ProviderUnavailable);
  expect(await typesOf()).toEqual(['sandbox.waiting']);
});

describe('a provider without room', () => {
  const noRoom = (creates: number) => {
    const deps = works();
    let left = creates;
    const create: typeof deps.provider.create = async (request) => {
      left -= 1;
      if (left >= 0) throw new ProviderBusy('Modal has no room for another sandbox');
      return deps.provider.create(request);
    };
    return { ...deps, provider: { ...deps.provider, create } };
  };

  test('fails a create that does not wait, for good, and the session says that it waits', async () => {
    const creating = createSandbox(noRoom(1), input, attemptNumber(1));
    await expect(creating).rejects.toThrow(NoRoom);
    await creating.catch((error: unknown) =>
      expect(toFailure(error, (text) => text)).toMatchObject({ type: 'ProviderBusy', nonRetryable: true }),
    );
    expect(await typesOf()).toEqual(['sandbox.creating', 'sandbox.waiting']);
  });

  test('is waited for by one that is patient, and it is told once', async () => {
    const patient = { ...input, patient: true };
    expect(await createSandbox(noRoom(2), patient, attemptNumber(1))).toMatchObject({ sandboxId: 'sb-1' });
    expect(await typesOf()).toEqual(['sandbox.creating', 'sandbox.waiting', 'sandbox.ready']);
  });

  test('is not waited for any longer by an attempt that has to stop', async () => {
    const leaving = new AbortController();
    const attempt = { ...attemptNumber(1), signal: leaving.signal };
    const creating = createSandbox(noRoom(1_000), { ...input, patient: true }, attempt);
    await expect.poll(typesOf).toContain('sandbox.waiting');
    leaving.abort(new Error('the worker shuts down'));
    await expect(creating).rejects.toThrow();
  });
});

describe('the end of a sandbox’s life', () => {
  const lifetimeMs = input.lifetimeSeconds * 1_000;
  const listing = (createdAt: string | null) => {
    const deps = works();
    const list = async () => [{ sandboxId: 'sb-1', name: 's-g1', tags: {}, createdAt }];
    return { ...deps, provider: { ...deps.provider, list } };
  };
  const endsAfter = (from: string): string => new Date(Date.parse(from) + lifetimeMs).toISOString();

  test('counts from when the ledger was told of it', async () => {
    const { endsAt } = await createSandbox(works(), input, attemptNumber(1));
    expect(endsAt).toBe(endsAfter((await store().sandboxes.find('s-g1'))?.intendedAt ?? ''));
  });

  test('counts from when the provider says it was asked for, when an attempt before this one may have done so', async () => {
    const { intendedAt } = await store().sandboxes.recordIntent({
      name: 's-g1',
      sessionId: 's',
      generation: 1,
    });
    const said = '2026-01-01T00:00:00.000Z';
    expect((await createSandbox(listing(said), input, attemptNumber(2))).endsAt).toBe(endsAfter(said));
    // Never later than the truth: where nobody says when, it may be of the earlier attempt.
    await expect.poll(() => new Date().toISOString()).not.toBe(intendedAt);
    const { endsAt } = await createSandbox(listing(null), input, attemptNumber(2));
    expect(Date.parse(endsAt)).toBeLessThanOrEqual(Date.parse(endsAfter(intendedAt)));
  });

  test('counts from the attempt that brought it, when the ones before certainly brought none', async () => {
    const row = await store().sandboxes.recordIntent({ name: 's-g1', sessionId: 's', generation: 1 });
    await store().sandboxes.recordEnded(row, 'it was not created');
    await expect.poll(() => new Date().toISOString()).not.toBe(row.intendedAt);
    const { endsAt } = await createSandbox(works(), input, attemptNumber(2));
    expect(endsAt).toBe(endsAfter((await store().sandboxes.find('s-g1'))?.intendedAt ?? ''));
    expect(endsAt).not.toBe(endsAfter(row.intendedAt));
  });
});
