import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryLock, withLock } from '../../../src/dev/processes/file-lock.ts';
import { waitFor } from '../temporal/processes.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-lock-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('a lock has one holder at a time, within a process too', async () => {
  const path = join(directory, 'deep', 'lock');
  const lock = await tryLock(path);
  expect(lock).not.toBeNull();
  expect(await tryLock(path)).toBeNull();
  lock?.release();
  const again = await tryLock(path);
  expect(again).not.toBeNull();
  again?.release();
});

test('a killed holder leaves no lock', async () => {
  const path = join(directory, 'killed');
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'lock-holder.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  expect(await tryLock(path)).toBeNull();
  holder.kill('SIGKILL');
  await waitFor(async () => {
    const lock = await tryLock(path);
    lock?.release();
    return lock !== null;
  });
});

test('what is done under one lock never overlaps, and whoever waits says so once', async () => {
  const path = join(directory, 'shared');
  let inside = 0;
  let waits = 0;
  const results = await Promise.all(
    [1, 2, 3].map((value) =>
      withLock(
        path,
        () => (waits += 1),
        async () => {
          inside += 1;
          expect(inside).toBe(1);
          await sleep(50);
          inside -= 1;
          return value;
        },
      ),
    ),
  );
  expect(results).toEqual([1, 2, 3]);
  expect(waits).toBe(2);
});

test('what fails under a lock frees it', async () => {
  const path = join(directory, 'failing');
  await expect(
    withLock(
      path,
      () => {},
      () => Promise.reject(new Error('broken')),
    ),
  ).rejects.toThrow('broken');
  expect(
    await withLock(
      path,
      () => {},
      () => Promise.resolve('free'),
    ),
  ).toBe('free');
});
