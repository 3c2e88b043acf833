/** A follower of the event log holds one page of it, however slowly it reads (docs/reliability.md). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { bounds } from '../../src/contracts/bounds.ts';
import type { OwnEvent } from '../../src/contracts/events.ts';
import { openStore } from '../../src/store/open-store.ts';
import { temporaryFolder } from '../store/temporary-folder.ts';
import { forgetMost, memoryOf } from './support/memory-of.ts';

const growthMiB = 150;
/** 256 KiB each: twice the bound in all. */
const events = 1_200;

test('stays within its bound while an event log of 300 MB is written that it reads slowly, or not at all', async () => {
  await using folder = await temporaryFolder();
  await using store = await openStore({ dataDirectory: folder.path });
  await store.events.appendOwn('s', [toolOutput(1)]);
  await using slow = await startFollower(folder.path, 'slow');
  await using stopped = await startFollower(folder.path, 'stops');
  for (const { pid } of [slow, stopped]) forgetMost(pid);
  const before = [slow, stopped].map(({ pid }) => memoryOf(pid).nowMiB);
  for (let number = 2; number <= events; number += 50)
    await store.events.appendOwn(
      's',
      Array.from({ length: Math.min(50, events + 1 - number) }, (_, index) => toolOutput(number + index)),
    );
  await slow.reached(events);
  for (const [index, { pid }] of [slow, stopped].entries())
    expect(memoryOf(pid).mostMiB - (before[index] ?? 0)).toBeLessThan(growthMiB);
  expect(stopped.seen).toEqual([1]);
  expect(slow.seen).toEqual(slow.seen.map((_, index) => index + 1));
});

function toolOutput(number: number): OwnEvent {
  const data = {
    toolUseId: `${number}`,
    isError: false,
    output: 'pear\n'.repeat(bounds.toolOutputBytes / 5),
  };
  const at = '2026-03-01T12:00:00.000Z';
  return { eventId: `${number}`, at, generation: 1, body: { type: 'tool.finished', data } };
}

/** Returns when it has its first event. */
async function startFollower(dataDirectory: string, pace: 'slow' | 'stops') {
  const program = join(import.meta.dirname, 'fixtures/follower.ts');
  const child = spawn(process.execPath, [program, dataDirectory, pace], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const seen: number[] = [];
  createInterface(child.stdout).on('line', (line) => seen.push(Number(line)));
  const reached = async (seq: number): Promise<void> =>
    expect.poll(() => seen.at(-1) ?? 0).toBeGreaterThanOrEqual(seq);
  await reached(1);
  return {
    pid: child.pid,
    seen,
    reached,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
