import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Harness } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterEach(() => {
  harness.emulator.faults.clear();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

test('announces every call and its answer, and holds them until the listener says so', async () => {
  const heard: unknown[] = [];
  const hold = Promise.withResolvers<void>();
  const listener = createServer((request, response) => {
    void (async () => {
      const announcement = await json(request);
      heard.push(announcement);
      await hold.promise;
      response.end();
    })();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    harness.emulator.faults.announceTo(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/`);
    let answered = false;
    const asked = harness.modal.apps
      .fromName('announced', { createIfMissing: true })
      .then(() => (answered = true));
    await expect.poll(() => heard).toEqual([{ rpc: 'AppGetOrCreate', moment: 'call' }]);
    await sleep(50);
    expect(answered).toBe(false);
    hold.resolve();
    await asked;
    expect(heard).toEqual([
      { rpc: 'AppGetOrCreate', moment: 'call' },
      { rpc: 'AppGetOrCreate', moment: 'answer' },
    ]);
  } finally {
    listener.close();
    listener.closeAllConnections();
  }
});

test('a listener that is gone holds nothing up', async () => {
  harness.emulator.faults.announceTo('http://127.0.0.1:9/');
  await harness.modal.apps.fromName('announced', { createIfMissing: true });
});
