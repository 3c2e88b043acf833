/** What a session can go back to, and what it cannot, in sentences. */
import { describe, expect, test } from 'vitest';
import { CheckpointUnusable } from '../../src/activities/errors.ts';
import { prepareCheckpoint } from '../../src/activities/prepare-checkpoint.ts';
import type { PreparedCheckpoint } from '../../src/activities/types.ts';
import type { Checkpoint } from '../../src/contracts/checkpoint.ts';
import { runtimeVersion } from '../../src/images/runtime-version.ts';
import { checkpoint, ownEvent } from '../store/conformance/material.ts';
import { sessionOf } from './support/inputs.ts';
import { storeOfTest } from './support/store-of-test.ts';

const { store } = storeOfTest();

/** The version below the floor is what `/opt/harvest/version` said in an image of an older build. */
const olderBuild = '0-sdk.0.1.0';

async function take(checkpointId: string, imageId: string, version = runtimeVersion): Promise<void> {
  const snapshot = { imageId, runtimeVersion: version, generation: 1 };
  await store().snapshots.record(checkpoint(checkpointId, { snapshot }), 'request');
}

async function begin(sessionId: string, url = 'https://github.com/acme/shop.git'): Promise<void> {
  const repositories = [{ name: 'shop', url, branch: 'main' }];
  const user = { name: 'Ada', email: 'ada@example.com' };
  const data = { repositories, user, branch: `harvest/${sessionId}` };
  await store().events.appendOwn(sessionId, [ownEvent('c', { body: { type: 'session.created', data } })]);
}

async function prepare(
  source: { sessionId: string; checkpointId: string | null },
  into = 's',
): Promise<PreparedCheckpoint> {
  const session = { ...sessionOf(), sessionId: into };
  return prepareCheckpoint({ store: store() }, { sessionId: into, session, events: [], source, as: 'as' });
}

describe('a rewind', () => {
  test('starts from the snapshot of its checkpoint', async () => {
    await take('c', 'im-1');
    await store().checkpoints.save(checkpoint('turn-t'));
    const prepared = await prepare({ sessionId: 's', checkpointId: 'c' });
    expect(prepared).toMatchObject({ sourceCheckpointId: 'c', snapshot: { imageId: 'im-1' } });
    expect(prepared.checkpoint).toMatchObject({ checkpointId: 'as', snapshot: { imageId: 'im-1' } });
    expect(await store().checkpoints.latest('s')).toEqual(prepared.checkpoint);
  });

  test('does not use a snapshot that an older build made, and brings the carried work to one before it', async () => {
    await take('good', 'im-good');
    await take('old', 'im-old', olderBuild);
    const prepared = await prepare({ sessionId: 's', checkpointId: 'old' });
    expect(prepared.snapshot?.imageId).toBe('im-good');
    // Its files are not in the snapshot that is used: a restore applies the carried work.
    expect(prepared.checkpoint.snapshot).toBeNull();
  });

  test('starts without a snapshot where only an older build has made one', async () => {
    await take('old', 'im-old', olderBuild);
    expect((await prepare({ sessionId: 's', checkpointId: 'old' })).snapshot).toBeNull();
  });

  test('to nowhere says so', async () => {
    const nowhere = prepare({ sessionId: 's', checkpointId: 'x' });
    await expect(nowhere).rejects.toThrow(CheckpointUnusable);
    await expect(nowhere).rejects.toThrow('session "s" has no checkpoint "x", or not any more');
    await expect(prepare({ sessionId: 's', checkpointId: null })).rejects.toThrow('has no checkpoint, or');
  });
});

describe('a fork', () => {
  const carriedOn = (branch: string): Checkpoint['carried'] => {
    const counts = { bytes: 0, uncommittedFiles: 0, unpushedCommits: 0 };
    return [{ repository: 'shop', branch, head: 'abc', sha256: '', ...counts }];
  };

  test('begins before its first generation, on its own branch where the source stood on its', async () => {
    await begin('s');
    await store().checkpoints.save(checkpoint('turn-t', { carried: carriedOn('harvest/s'), costUsd: 2 }));
    const { checkpoint: own, sourceCheckpointId } = await prepare(
      { sessionId: 's', checkpointId: null },
      'f',
    );
    expect(sourceCheckpointId).toBe('turn-t');
    expect(own).toMatchObject({
      sessionId: 'f',
      checkpointId: 'as',
      generation: 0,
      turnId: null,
      carried: carriedOn('harvest/f'),
      costUsd: 2,
    });
    // The source is as it was.
    expect((await store().checkpoints.list('s')).map(({ checkpointId }) => checkpointId)).toEqual(['turn-t']);
  });

  test('leaves a branch alone that the source had checked out beside its own', async () => {
    await begin('s');
    await store().checkpoints.save(checkpoint('turn-t', { carried: carriedOn('main') }));
    const { checkpoint: own } = await prepare({ sessionId: 's', checkpointId: 'turn-t' }, 'f');
    expect(own.carried).toEqual(carriedOn('main'));
  });

  test('of a session with other repositories, or of none, says so', async () => {
    await begin('s', 'https://github.com/acme/other.git');
    await store().checkpoints.save(checkpoint('turn-t'));
    const other = prepare({ sessionId: 's', checkpointId: 'turn-t' }, 'f');
    await expect(other).rejects.toThrow(CheckpointUnusable);
    await expect(other).rejects.toThrow('a fork needs the same repositories');
    await expect(prepare({ sessionId: 'nobody', checkpointId: null }, 'f')).rejects.toThrow(
      'there is no session "nobody", or not any more',
    );
  });

  test('of a session whose checkpoints are gone says so', async () => {
    await begin('s');
    await store().checkpoints.save(checkpoint('turn-t'));
    await store().deleteSession('s', { keepEvents: true });
    await expect(prepare({ sessionId: 's', checkpointId: null }, 'f')).rejects.toThrow(
      'session "s" has no checkpoint, or none any more',
    );
  });
});
