/** What a session hears of a sandbox that does not come to work, and when it is given up. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSandbox } from '../../src/activities/create-sandbox.ts';
import { CredentialUnavailable } from '../../src/activities/errors.ts';
import { ProviderUnavailable, SandboxLost } from '../../src/sandbox/errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder } from '../store/temporary-folder.ts';
import { attemptNumber, depsWith, scriptedSandbox, sessionOf } from './scripted-sandbox.ts';
import type { CommandEnd } from './scripted-sandbox.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openStore({ dataDirectory: folder.path });
});
afterEach(async () => {
  await store.close();
  await folder[Symbol.asyncDispose]();
});

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
  return createSandbox(depsWith(store, sandbox), input, attemptNumber(1));
}

const typesOf = async (): Promise<string[]> =>
  (await store.events.read('s', { after: 0, limit: 100 })).map(({ type }) => type);

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
    const sandbox = scriptedSandbox(() => ({ code: 0 }));
    const deps = depsWith(store, sandbox);
    const session = sessionOf({ github: { from: 'environment', variable: 'GITHUB_TOKEN' } });
    const creating = createSandbox(deps, { ...input, session }, attemptNumber(1));
    await expect(creating).rejects.toThrow(CredentialUnavailable);
    expect(deps.creates()).toBe(0);
    expect(await store.sandboxes.listOpen()).toEqual([]);
    expect(await typesOf()).toEqual([]);
  });
});

test('an outage while earlier sandboxes are ended is told, too', async () => {
  await store.sandboxes.recordIntent({ name: 's-g1', sessionId: 's', generation: 1 });
  const deps = depsWith(
    store,
    scriptedSandbox(() => ({ code: 0 })),
  );
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
