import { expect, test } from 'vitest';
import { createOneAtATime } from '../../../src/supervisor/proxies/one-at-a-time.ts';

test('work waits for the work before it, and a failure is only that of who asked', async () => {
  const oneAtATime = createOneAtATime();
  const seen: string[] = [];
  const first = Promise.withResolvers<string>();
  const asked = [
    oneAtATime(async () => {
      seen.push('first');
      return first.promise;
    }),
    oneAtATime(async () => {
      seen.push('second');
      throw new Error('no');
    }),
    oneAtATime(async () => {
      seen.push('third');
      return 'third';
    }),
  ];
  const results = Promise.allSettled(asked);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(['first']);
  first.resolve('done');
  expect(await results).toEqual([
    { status: 'fulfilled', value: 'done' },
    { status: 'rejected', reason: new Error('no') },
    { status: 'fulfilled', value: 'third' },
  ]);
  expect(seen).toEqual(['first', 'second', 'third']);
});
