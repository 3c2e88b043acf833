import { expect, test } from 'vitest';
import { LazyPromise, mayBeIgnored } from '../../src/client/lazy-promise.ts';

function countedWork<T>(work: () => Promise<T>): { promise: LazyPromise<T>; runs: () => number } {
  let runs = 0;
  const promise = new LazyPromise(async () => {
    runs += 1;
    return work();
  });
  return { promise, runs: () => runs };
}

/** What nobody handled while `work` ran, and a turn of the event loop longer. */
async function unhandledDuring(work: () => unknown): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  await work();
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off('unhandledRejection', note);
  return unhandled;
}

test('work begins when somebody first waits for it, and is done once for all who wait', async () => {
  const { promise, runs } = countedWork(async () => 'done');
  await Promise.resolve();
  expect(runs()).toBe(0);
  expect(await promise).toBe('done');
  expect(await Promise.all([promise, promise.then((text) => text.length)])).toEqual(['done', 4]);
  expect(runs()).toBe(1);
});

test.each([
  {
    way: 'then',
    wait: async (promise: LazyPromise<never>): Promise<unknown> => promise.then(undefined, String),
  },
  { way: 'catch', wait: async (promise: LazyPromise<never>): Promise<unknown> => promise.catch(String) },
  {
    way: 'finally',
    wait: async (promise: LazyPromise<never>): Promise<unknown> => promise.finally(() => {}).catch(String),
  },
])('whoever waits by $way meets the rejection', async ({ wait }) => {
  const { promise, runs } = countedWork(async (): Promise<never> => {
    throw new Error('no');
  });
  expect(await wait(promise)).toBe('Error: no');
  expect(runs()).toBe(1);
});

test('work that nobody waits for cannot fail the process', async () => {
  const unhandled = await unhandledDuring(() => {
    countedWork(async () => Promise.reject(new Error('never begun')));
    void mayBeIgnored(Promise.reject(new Error('ignored')));
  });
  expect(unhandled).toEqual([]);
});

test('a rejection that may be ignored still reaches whoever waits', async () => {
  await expect(mayBeIgnored(Promise.reject(new Error('no')))).rejects.toThrow('no');
});
