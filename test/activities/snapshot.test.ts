/** A checkpoint with a snapshot: once, however often it is tried, and no image that nobody knows. */
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../src/activities/attempt.ts';
import { takeSnapshot } from '../../src/activities/snapshot.ts';
import type { TakeSnapshotInput } from '../../src/activities/types.ts';
import type { Checkpoint } from '../../src/contracts/checkpoint.ts';
import { checkpoint } from '../store/conformance/material.ts';
import { about } from './support/inputs.ts';
import { attemptNumber, depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';
import { answersStatus } from './support/supervisor-answers.ts';

const { store } = storeOfTest();

const input: TakeSnapshotInput = {
  ...about,
  checkpointId: 'snapshot-1',
  turnId: 't',
  purpose: 'request',
  costUsd: 1.5,
};

const journalEnd = JSON.stringify({ kind: 'stream.end', next: 0, record: null });

/** A sandbox whose snapshots come when a test says so, in the order they were asked for. */
function slowSnapshots() {
  const scripted = scriptedSandbox((command) =>
    command.includes('/status') ? answersStatus() : { code: 0, output: `${journalEnd}\n` },
  );
  const taking: PromiseWithResolvers<{ imageId: string }>[] = [];
  const snapshot = async (): Promise<{ imageId: string }> => {
    const next = Promise.withResolvers<{ imageId: string }>();
    taking.push(next);
    return next.promise;
  };
  const deleted: string[] = [];
  const logged: string[] = [];
  const deps = depsWith(store(), { ...scripted, snapshot });
  const deleteImage = async ({ imageId }: { imageId: string }): Promise<void> => void deleted.push(imageId);
  return {
    deleted,
    logged,
    asked: () => taking.length,
    comes: (index: number, imageId: string) => taking[index]?.resolve({ imageId }),
    fails: (index: number, error: Error) => taking[index]?.reject(error),
    take: async (attempt: Attempt = attemptNumber(1)): Promise<Checkpoint> =>
      takeSnapshot(
        {
          ...deps,
          provider: { ...deps.provider, deleteImage },
          log: (message) => void logged.push(message),
        },
        input,
        attempt,
      ),
  };
}

/** An attempt that a test can stop. */
function stoppable() {
  const stop = new AbortController();
  return { stop, attempt: { ...attemptNumber(1), signal: stop.signal } };
}

const typesOf = async (): Promise<string[]> =>
  (await store().events.read('s', { after: 0, limit: 100 })).map(({ type }) => type);

const images = async (): Promise<string[]> =>
  (await store().snapshots.list('s')).map(({ imageId }) => imageId);

test('a snapshot is recorded as a checkpoint, and told', async () => {
  await store().checkpoints.save(checkpoint('turn-t'));
  const { take, comes, asked, deleted } = slowSnapshots();
  const taking = take();
  await expect.poll(asked).toBe(1);
  comes(0, 'im-1');
  const snapshot = { imageId: 'im-1', runtimeVersion: '1', generation: 1 };
  expect(await taking).toMatchObject({ checkpointId: 'snapshot-1', turnId: 't', costUsd: 1.5, snapshot });
  expect(await store().checkpoints.latest('s')).toEqual(await taking);
  expect(await typesOf()).toEqual(['snapshot.taken', 'checkpoint.created']);
  expect(deleted).toEqual([]);
});

describe('a snapshot that nobody waits for any more', () => {
  test('is deleted when it comes, and nothing is recorded', async () => {
    const { take, comes, asked, deleted } = slowSnapshots();
    const { stop, attempt } = stoppable();
    const taking = take(attempt);
    await expect.poll(asked).toBe(1);
    stop.abort(new Error('the activity was cancelled'));
    // It does not wait for the provider.
    await expect(taking).rejects.toThrow('the activity was cancelled');
    expect(deleted).toEqual([]);
    comes(0, 'im-late');
    await expect.poll(() => deleted).toEqual(['im-late']);
    expect(await images()).toEqual([]);
    expect(await store().checkpoints.latest('s')).toBeNull();
    expect(await typesOf()).toEqual([]);
  });

  test('and is not taken after all is logged, and troubles nobody', async () => {
    const { take, fails, asked, deleted, logged } = slowSnapshots();
    const { stop, attempt } = stoppable();
    const taking = take(attempt);
    await expect.poll(asked).toBe(1);
    stop.abort(new Error('the activity was cancelled'));
    await expect(taking).rejects.toThrow('the activity was cancelled');
    fails(0, new Error('the sandbox is gone'));
    await expect.poll(() => logged).toEqual([expect.stringContaining('nobody waits for')]);
    expect(deleted).toEqual([]);
  });

  test('is not the one of the next attempt, which stays', async () => {
    const { take, comes, asked, deleted } = slowSnapshots();
    const { stop, attempt } = stoppable();
    const first = take(attempt);
    await expect.poll(asked).toBe(1);
    stop.abort(new Error('the attempt was timed out'));
    await expect(first).rejects.toThrow('the attempt was timed out');
    const second = take(attemptNumber(2));
    await expect.poll(asked).toBe(2);
    comes(1, 'im-2');
    expect((await second).snapshot?.imageId).toBe('im-2');
    comes(0, 'im-1');
    await expect.poll(() => deleted).toEqual(['im-1']);
    expect(await images()).toEqual(['im-2']);
  });
});

describe('an attempt after the one that recorded it', () => {
  test('takes none, and finds everything told once', async () => {
    const { take, comes, asked, deleted } = slowSnapshots();
    const taking = take();
    await expect.poll(asked).toBe(1);
    comes(0, 'im-1');
    const first = await taking;
    expect(await take(attemptNumber(2))).toEqual(first);
    expect(asked()).toBe(1);
    expect(await images()).toEqual(['im-1']);
    expect(await typesOf()).toEqual(['snapshot.taken', 'checkpoint.created']);
    expect(deleted).toEqual([]);
  });

  test('tells of it when that one died before it could', async () => {
    const snapshot = { imageId: 'im-1', runtimeVersion: '1', generation: 1 };
    const recorded = checkpoint('snapshot-1', { snapshot });
    await store().snapshots.record(recorded, 'request');
    const { take, asked } = slowSnapshots();
    expect(await take(attemptNumber(2))).toEqual(recorded);
    expect(asked()).toBe(0);
    expect(await typesOf()).toEqual(['checkpoint.created']);
  });

  test('that overlaps with it leaves the first snapshot, and deletes its own', async () => {
    const { take, comes, asked, deleted } = slowSnapshots();
    const both = [take(), take(attemptNumber(2))];
    await expect.poll(asked).toBe(2);
    comes(0, 'im-1');
    await both[0];
    comes(1, 'im-2');
    const [first, second] = await Promise.all(both);
    expect(second).toEqual(first);
    expect(deleted).toEqual(['im-2']);
    expect(await typesOf()).toEqual(['snapshot.taken', 'checkpoint.created']);
  });
});
