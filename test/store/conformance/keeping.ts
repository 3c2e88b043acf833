import { expect, test } from 'vitest';
import type { Checkpoint } from '../../../src/contracts/checkpoint.ts';
import type { SnapshotPurpose } from '../../../src/store/keeping-port.ts';
import { checkpoint } from './material.ts';
import type { StoreUnderTest } from './subject.ts';

const snapshotOf = (imageId: string) => ({ imageId, runtimeVersion: '1-sdk.0.0.0', generation: 1 });

export function testKeeping({ store }: StoreUnderTest): void {
  const take = async (
    checkpointId: string,
    purpose: SnapshotPurpose = 'pause',
    extra: Partial<Checkpoint> = {},
  ): Promise<Checkpoint> =>
    store().snapshots.record(
      checkpoint(checkpointId, { snapshot: snapshotOf(`im-${checkpointId}`), ...extra }),
      purpose,
    );
  const condemned = async (): Promise<string[]> =>
    (await store().snapshots.condemnNeedless({})).map(({ imageId }) => imageId).toSorted();

  test('of snapshots are the newest, and the newest ten that were asked for', async () => {
    await take('p1');
    for (let number = 10; number < 21; number += 1) await take(`r${number}`, 'request');
    await take('p2', 'rollover');
    await store().checkpoints.save(checkpoint('turn'));
    expect(await condemned()).toEqual(['im-p1', 'im-r10']);
    await store().snapshots.recordDeleted('im-p1');
    expect(await condemned()).toEqual(['im-r10']);
    await take('p3');
    expect(await condemned()).toEqual(['im-p2', 'im-r10']);
  });

  test('of the snapshots of one checkpoint is the first', async () => {
    const first = await take('c');
    const second = checkpoint('c', { snapshot: snapshotOf('im-again') });
    expect(await store().snapshots.record(second, 'pause')).toEqual(first);
    expect(await store().snapshots.record(first, 'pause')).toEqual(first);
    expect(await store().checkpoints.find('s', 'c')).toEqual(first);
    expect(await condemned()).toEqual(['im-again']);
  });

  test('of a closed session is the newest snapshot only, until it is forgotten', async () => {
    await take('r', 'request');
    await take('p');
    const { closedSessions } = store();
    await closedSessions.record('s', '2026-03-01T00:00:00.000Z');
    await closedSessions.record('s', '2027-01-01T00:00:00.000Z');
    expect(await condemned()).toEqual(['im-r']);
    expect(await closedSessions.listOver('2026-02-28T00:00:00.000Z')).toEqual([]);
    expect(await closedSessions.listOver('2026-03-01T00:00:00.000Z')).toEqual(['s']);
    await store().deleteSession('s', { keepEvents: true });
    expect(await closedSessions.listOver('2028-01-01T00:00:00.000Z')).toEqual([]);
    expect(await condemned()).toEqual(['im-p', 'im-r']);
    await store().snapshots.recordDeleted('im-p');
    await store().snapshots.recordDeleted('im-r');
    await store().deleteSession('s');
    expect(await store().snapshots.list('s')).toEqual([]);
  });

  test('of one session is condemned without those of others', async () => {
    await take('p1');
    await take('p2');
    await take('o1', 'pause', { sessionId: 'o' });
    await take('o2', 'pause', { sessionId: 'o' });
    const own = await store().snapshots.condemnNeedless({ sessionId: 's' });
    expect(own).toMatchObject([
      { imageId: 'im-p1', sessionId: 's', checkpointId: 'p1', purpose: 'pause', deletedAt: null },
    ]);
    expect((await store().snapshots.list('o')).map(({ condemnedAt }) => condemnedAt)).toEqual([null, null]);
  });

  test('says which sessions are not recorded as closed', async () => {
    await store().checkpoints.save(checkpoint('a'));
    await store().checkpoints.save(checkpoint('b', { sessionId: 'o' }));
    await store().closedSessions.record('o', '2026-03-01T00:00:00.000Z');
    expect(await store().closedSessions.listUnrecorded()).toEqual(['s']);
  });

  test('remembers since when a sandbox was seen without an owner at every look', async () => {
    const { unownedSandboxes } = store();
    expect([...(await unownedSandboxes.see(['a', 'b'], '1'))]).toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);
    expect([...(await unownedSandboxes.see(['b', 'c'], '2'))]).toEqual([
      ['b', '1'],
      ['c', '2'],
    ]);
    expect([...(await unownedSandboxes.see(['a'], '3'))]).toEqual([['a', '3']]);
  });
}
