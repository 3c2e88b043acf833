import { expect, test } from 'vitest';
import type { SandboxRecord } from '../../../src/store/store.ts';
import type { StoreUnderTest } from './subject.ts';

export function testLedgers({ store }: StoreUnderTest): void {
  const intent = { name: 's-g1', sessionId: 's', generation: 1 };
  const { name } = intent;

  /** At a later moment than the attempt before it. */
  const intendAgain = async (): Promise<SandboxRecord> => {
    const before = await store().sandboxes.find(name);
    await expect.poll(() => new Date().toISOString()).not.toBe(before?.intendedAt);
    return store().sandboxes.recordIntent(intent);
  };

  test('know a sandbox from its intent to its end', async () => {
    const { sandboxes } = store();
    const intended = await sandboxes.recordIntent(intent);
    expect(intended).toMatchObject({ ...intent, sandboxId: null, doubtedAt: null, endedAt: null });
    expect(await sandboxes.find(name)).toEqual(intended);
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    const [open] = await sandboxes.listOpen();
    expect(open?.sandboxId).toBe('sb-1');
    if (open !== undefined) expect(await sandboxes.recordEnded(open, 'paused')).toBe(true);
    expect(await sandboxes.listOpen()).toEqual([]);
    expect(await sandboxes.find(name)).toMatchObject({ sandboxId: 'sb-1', endedReason: 'paused' });
  });

  test('bear every record twice; what is known of a sandbox and the first reason stay', async () => {
    const { sandboxes } = store();
    await sandboxes.recordIntent(intent);
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    const created = await sandboxes.find(name);
    expect(await intendAgain()).toEqual(created);
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    expect(await sandboxes.find(name)).toEqual(created);
    if (created === null) return;
    expect(await sandboxes.recordEnded(created, 'lost')).toBe(true);
    const ended = await sandboxes.find(name);
    expect(await sandboxes.recordEnded(created, 'terminated')).toBe(true);
    expect(await sandboxes.find(name)).toEqual(ended);
  });

  test('end a sandbox that was never created, and refuse one without intent', async () => {
    const { sandboxes } = store();
    const intended = await sandboxes.recordIntent(intent);
    await sandboxes.recordEnded(intended, 'never created');
    expect(await sandboxes.find(name)).toMatchObject({ sandboxId: null, endedReason: 'never created' });
    const unknown = 'x is not in the ledger';
    await expect(sandboxes.recordCreated({ name: 'x', sandboxId: 'sb' })).rejects.toThrow(unknown);
    await expect(sandboxes.recordEnded({ ...intended, name: 'x' }, 'lost')).rejects.toThrow(unknown);
    expect(await sandboxes.find('x')).toBeNull();
  });

  test('end nothing that is not any more what was judged', async () => {
    const { sandboxes } = store();
    const first = await sandboxes.recordIntent(intent);
    const second = await intendAgain();
    expect(await sandboxes.recordEnded(first, 'never created')).toBe(false);
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    expect(await sandboxes.recordEnded(second, 'never created')).toBe(false);
    expect(await sandboxes.listOpen()).toMatchObject([{ sandboxId: 'sb-1', endedReason: null }]);
  });

  test('open a sandbox again with the next attempt to create it, and when one is there after all', async () => {
    const { sandboxes } = store();
    const first = await sandboxes.recordIntent(intent);
    await sandboxes.recordEnded(first, 'not created');
    const second = await intendAgain();
    expect(second).toMatchObject({ name, sandboxId: null, endedReason: null, doubtedAt: null });
    expect(second.intendedAt).not.toBe(first.intendedAt);
    expect(await sandboxes.listOpen()).toEqual([second]);
    await sandboxes.recordEnded(second, 'not created');
    await sandboxes.recordCreated({ name, sandboxId: 'sb-late' });
    expect(await sandboxes.listOpen()).toMatchObject([{ name, sandboxId: 'sb-late' }]);
    await sandboxes.recordEnded({ ...second, sandboxId: 'sb-late' }, 'terminated');
    await sandboxes.recordCreated({ name, sandboxId: 'sb-late' });
    expect(await sandboxes.listOpen()).toEqual([]);
  });

  test('keep in doubt an attempt to create of which nobody said how it ended', async () => {
    const { sandboxes } = store();
    const { intendedAt: doubtedAt } = await sandboxes.recordIntent(intent);
    const second = await intendAgain();
    expect(second).toMatchObject({ doubtedAt, endedAt: null });
    // What is certain of the second says nothing of the first.
    await sandboxes.recordEnded(second, 'not created');
    expect(await sandboxes.listOpen()).toMatchObject([{ doubtedAt, endedReason: 'not created' }]);
    expect(await intendAgain()).toMatchObject({ doubtedAt, endedAt: null });
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    expect(await sandboxes.find(name)).toMatchObject({ doubtedAt, sandboxId: 'sb-1' });
  });

  test('stay open after the end of the known sandbox until the doubt is settled', async () => {
    const { sandboxes } = store();
    const { intendedAt: doubtedAt } = await sandboxes.recordIntent(intent);
    const { intendedAt } = await intendAgain();
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    await sandboxes.recordEnded({ name, intendedAt, sandboxId: 'sb-1' }, 'terminated');
    expect(await sandboxes.listOpen()).toMatchObject([{ sandboxId: 'sb-1', endedReason: 'terminated' }]);
    await store().deleteSession('s', {});
    await sandboxes.settleDoubt({ name, doubtedAt: intendedAt });
    expect(await sandboxes.listOpen()).toHaveLength(1);
    await sandboxes.settleDoubt({ name, doubtedAt });
    expect(await sandboxes.listOpen()).toEqual([]);
    expect(await sandboxes.find(name)).toMatchObject({ sandboxId: 'sb-1', doubtedAt: null });
    await store().deleteSession('s', {});
    expect(await sandboxes.find(name)).toBeNull();
  });

  test('take another sandbox than the known one for the one in doubt', async () => {
    const { sandboxes } = store();
    await sandboxes.recordIntent(intent);
    const { intendedAt } = await intendAgain();
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    await sandboxes.recordEnded({ name, intendedAt, sandboxId: 'sb-1' }, 'terminated');
    await sandboxes.recordCreated({ name, sandboxId: 'sb-late' });
    expect(await sandboxes.listOpen()).toMatchObject([
      { sandboxId: 'sb-late', doubtedAt: null, endedAt: null },
    ]);
    await sandboxes.recordEnded({ name, intendedAt, sandboxId: 'sb-late' }, 'terminated');
    expect(await sandboxes.listOpen()).toEqual([]);
  });

  test('know the newest generation of a session, whether or not it ended', async () => {
    const { sandboxes } = store();
    expect(await sandboxes.findNewest('s')).toBeNull();
    for (const generation of [9, 10, 2])
      await sandboxes.recordIntent({ name: `s-g${generation}`, sessionId: 's', generation });
    const newest = await sandboxes.findNewest('s');
    expect(newest?.name).toBe('s-g10');
    if (newest !== null) await sandboxes.recordEnded(newest, 'never created');
    expect((await sandboxes.findNewest('s'))?.name).toBe('s-g10');
  });

  test('know the newest image of a recipe in each place until it is forgotten there', async () => {
    const { images } = store();
    const here = { recipeHash: 'h', place: 'http://127.0.0.1:1' };
    const there = { recipeHash: 'h', place: 'modal' };
    const image = { ...here, imageId: 'im-1', runtimeVersion: '1', builtAt: '2026-03-01T00:00:00.000Z' };
    expect(await images.findBase(here)).toBeNull();
    await images.recordBase(image);
    await images.recordBase({ ...image, imageId: 'im-2' });
    expect(await images.findBase(here)).toEqual({ ...image, imageId: 'im-2' });
    expect(await images.findBase(there)).toBeNull();
    await images.recordBase({ ...image, ...there, imageId: 'im-3' });
    await images.forgetBase(here);
    expect(await images.findBase(here)).toBeNull();
    expect(await images.findBase(there)).toMatchObject({ imageId: 'im-3' });
  });
}
