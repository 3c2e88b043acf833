import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childEnd, spawnGuarded, stopChild } from '../../../src/dev/processes/guarded-child.ts';
import { isAlive, waitFor } from '../temporal/processes.ts';

const guard = join(import.meta.dirname, '../../../src/dev/processes/guard.ts');

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  const [line] = (await once(createInterface({ input: stream }), 'line')) as [string];
  return line;
}

test.each(['spawnGuarded', 'the guard'])('a child of a killed parent dies (%s)', async (way) => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'parent.ts'), way, guard], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await firstLine(parent.stdout));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await waitFor(() => !isAlive(pid));
});

test('a child that ignores SIGTERM is killed after the grace time, with its own children', async () => {
  const child = spawnGuarded({
    argv: ['/bin/sh', '-c', 'trap "" TERM; sleep 300 & echo $!; wait; wait'],
    environment: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no stdout');
  const grandchild = Number(await firstLine(child.stdout));
  await stopChild(child, 100);
  expect(child.signalCode).toBe('SIGKILL');
  await waitFor(() => !isAlive(grandchild));
});

test('a program that does not exist is an end with a code', async () => {
  const child = spawnGuarded({ argv: ['/no/such/program'], environment: {}, stdio: 'ignore' });
  const end = await childEnd(child);
  expect(end.code).not.toBe(0);
});

test('the guard tells how its program ended', async () => {
  const run = (script: string) =>
    spawn(process.execPath, [guard, 'KILL', '/bin/sh', '-c', script], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
  expect(await once(run('exit 7'), 'exit')).toEqual([7, null]);
  expect(await once(run('kill -9 $$'), 'exit')).toEqual([137, null]);
});
