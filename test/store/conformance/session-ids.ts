import { expect, test } from 'vitest';
import { checkpoint, ownEvent } from './material.ts';
import type { StoreUnderTest } from './subject.ts';

export function testSessionIds({ store, another }: StoreUnderTest): void {
  const closed = ownEvent('session-closed', {
    body: { type: 'session.closed', data: { reason: 'terminated' } },
  });

  test('belong to the run that came first, however often it asks and whatever it has stored', async () => {
    const { sessionIds, events } = store();
    expect(await sessionIds.isUsed('s')).toBe(false);
    expect(await sessionIds.claim('s', 'run-1')).toBe(true);
    await events.appendOwn('s', [ownEvent('own-1')]);
    expect(await sessionIds.claim('s', 'run-1')).toBe(true);
    expect(await sessionIds.claim('s', 'run-2')).toBe(false);
    expect(await (await another()).sessionIds.claim('s', 'run-2')).toBe(false);
    expect(await sessionIds.isUsed('s')).toBe(true);
    expect(await sessionIds.claim('other', 'run-2')).toBe(true);
  });

  test.each([
    ['whose event log says that it closed', closed],
    ['that had a sandbox', ownEvent('own-1', { generation: 1 })],
  ])('belong to an older session %s, though nobody claimed it', async (_, event) => {
    const { sessionIds, events } = store();
    await events.appendOwn('s', [event]);
    expect(await sessionIds.isUsed('s')).toBe(true);
    expect(await sessionIds.claim('s', 'run-1')).toBe(false);
    expect(await events.lastSeq('s')).toBe(1);
  });

  test('are not taken by the first events of the run that asks', async () => {
    const { sessionIds, events } = store();
    await events.appendOwn('s', [ownEvent('own-1')]);
    expect(await sessionIds.claim('s', 'run-1')).toBe(true);
  });

  test('are free again when nothing of their session is kept, its sandboxes included', async () => {
    const { sessionIds, checkpoints, events, sandboxes } = store();
    const begin = async (): Promise<void> => {
      expect(await sessionIds.claim('s', 'run-1')).toBe(true);
      await events.appendOwn('s', [closed]);
      await checkpoints.save(checkpoint('one'));
      await sandboxes.recordIntent({ name: 's-g1', sessionId: 's', generation: 1 });
    };
    await begin();
    await store().deleteSession('s', { keepEvents: true });
    expect(await sessionIds.isUsed('s')).toBe(true);
    await store().deleteSession('s');
    expect(await sessionIds.isUsed('s')).toBe(true);
    for (const open of await sandboxes.listOpen()) await sandboxes.recordEnded(open, 'terminated');
    await store().deleteSession('s');
    expect(await sessionIds.isUsed('s')).toBe(false);
    await begin();
  });
}
