import { expect, test } from 'vitest';
import type { StoreUnderTest } from './subject.ts';

export function testLedgers({ store }: StoreUnderTest): void {
  test('know a sandbox from its intent to its end', async () => {
    const { sandboxes } = store();
    const name = 's-g1';
    await sandboxes.recordIntent({ name, sessionId: 's', generation: 1 });
    expect(await sandboxes.find(name)).toMatchObject({
      name,
      sessionId: 's',
      generation: 1,
      sandboxId: null,
    });
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    expect((await sandboxes.listOpen()).map((it_) => it_.sandboxId)).toEqual(['sb-1']);
    await sandboxes.recordEnded({ name, reason: 'paused' });
    expect(await sandboxes.listOpen()).toEqual([]);
    expect(await sandboxes.find(name)).toMatchObject({ sandboxId: 'sb-1', endedReason: 'paused' });
  });

  test('bear every record twice; what is known of a sandbox and the first reason stay', async () => {
    const { sandboxes } = store();
    const name = 's-g1';
    await sandboxes.recordIntent({ name, sessionId: 's', generation: 1 });
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    const before = await sandboxes.find(name);
    await sandboxes.recordIntent({ name, sessionId: 's', generation: 1 });
    await sandboxes.recordCreated({ name, sandboxId: 'sb-1' });
    expect(await sandboxes.find(name)).toEqual(before);
    await sandboxes.recordEnded({ name, reason: 'lost' });
    const ended = await sandboxes.find(name);
    await sandboxes.recordEnded({ name, reason: 'terminated' });
    expect(await sandboxes.find(name)).toEqual(ended);
  });

  test('end a sandbox that was never created, and refuse one without intent', async () => {
    const { sandboxes } = store();
    await sandboxes.recordIntent({ name: 's-g1', sessionId: 's', generation: 1 });
    await sandboxes.recordEnded({ name: 's-g1', reason: 'never created' });
    expect(await sandboxes.find('s-g1')).toMatchObject({ sandboxId: null, endedReason: 'never created' });
    await expect(sandboxes.recordCreated({ name: 'x', sandboxId: 'sb' })).rejects.toThrow(
      'x is not in the ledger',
    );
    await expect(sandboxes.recordEnded({ name: 'x', reason: 'lost' })).rejects.toThrow(
      'x is not in the ledger',
    );
    expect(await sandboxes.find('x')).toBeNull();
  });

  test('open a sandbox again with the next attempt to create it, and when one is there after all', async () => {
    const { sandboxes } = store();
    const intent = { name: 's-g1', sessionId: 's', generation: 1 };
    await sandboxes.recordIntent(intent);
    await sandboxes.recordEnded({ name: 's-g1', reason: 'not created' });
    const ended = await sandboxes.find('s-g1');
    await expect.poll(() => new Date().toISOString()).not.toBe(ended?.intendedAt);
    await sandboxes.recordIntent(intent);
    const [open] = await sandboxes.listOpen();
    expect(open).toMatchObject({ name: 's-g1', sandboxId: null, endedReason: null, doubtedAt: null });
    expect(open?.intendedAt).not.toBe(ended?.intendedAt);
    await sandboxes.recordEnded({ name: 's-g1', reason: 'not created' });
    await sandboxes.recordCreated({ name: 's-g1', sandboxId: 'sb-late' });
    expect(await sandboxes.listOpen()).toMatchObject([{ name: 's-g1', sandboxId: 'sb-late' }]);
    await sandboxes.recordEnded({ name: 's-g1', reason: 'terminated' });
    await sandboxes.recordCreated({ name: 's-g1', sandboxId: 'sb-late' });
    expect(await sandboxes.listOpen()).toEqual([]);
  });

  test('keep in doubt an attempt to create of which nobody said how it ended', async () => {
    const { sandboxes } = store();
    const intent = { name: 's-g1', sessionId: 's', generation: 1 };
    await sandboxes.recordIntent(intent);
    const first = await sandboxes.find('s-g1');
    expect(first?.doubtedAt).toBeNull();
    await sandboxes.recordIntent(intent);
    expect(await sandboxes.find('s-g1')).toMatchObject({ doubtedAt: first?.intendedAt, endedAt: null });
    // What is certain of the second says nothing of the first.
    await sandboxes.recordEnded({ name: 's-g1', reason: 'not created' });
    await sandboxes.recordIntent(intent);
    expect(await sandboxes.find('s-g1')).toMatchObject({ doubtedAt: first?.intendedAt, endedAt: null });
    await sandboxes.recordCreated({ name: 's-g1', sandboxId: 'sb-1' });
    expect(await sandboxes.find('s-g1')).toMatchObject({ doubtedAt: first?.intendedAt, sandboxId: 'sb-1' });
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
