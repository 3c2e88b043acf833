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

  test('bear every record twice; the first intent and the first reason stay', async () => {
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

  test('know the newest image of a recipe until it is forgotten', async () => {
    const { images } = store();
    const image = {
      recipeHash: 'h',
      imageId: 'im-1',
      runtimeVersion: '1',
      builtAt: '2026-03-01T00:00:00.000Z',
    };
    expect(await images.findBase('h')).toBeNull();
    await images.recordBase(image);
    await images.recordBase({ ...image, imageId: 'im-2' });
    expect(await images.findBase('h')).toEqual({ ...image, imageId: 'im-2' });
    await images.forgetBase('h');
    expect(await images.findBase('h')).toBeNull();
  });
}
