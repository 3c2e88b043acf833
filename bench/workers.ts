/** Worker processes of the bench, as users run them, which may be killed. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';
import { childEnd, describeEnd, spawnGuarded, stopChild } from '../src/dev/stack/guarded-child.ts';

export type BenchWorker = {
  readonly pid: number;
  /** Resident memory in MiB. */
  memoryMiB(): Promise<number>;
  /** SIGKILL; returns when it has ended. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

const startTimeoutMs = 60_000;
const stopGraceMs = 10_000;
const keptLines = 30;

/** Returns when it polls; throws with the end of its log when it does not start. */
export async function startBenchWorker(environment: Record<string, string>): Promise<BenchWorker> {
  const child = spawnGuarded({
    argv: [process.execPath, fileURLToPath(new URL('../src/worker.ts', import.meta.url))],
    environment: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await polling(child);
  const pid = child.pid ?? 0;
  return {
    pid,
    memoryMiB: async () => residentMiB(await readFile(`/proc/${pid}/status`, 'utf8')),
    kill: async () => {
      const ended = childEnd(child);
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => stopChild(child, stopGraceMs),
  };
}

async function polling(child: ChildProcess): Promise<void> {
  const running = Promise.withResolvers<null>();
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.push(line);
      if (log.length > keptLines) log.shift();
      if (line.includes('"RUNNING"')) running.resolve(null);
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
  const end = await Promise.race([running.promise, childEnd(child)]).finally(() => clearTimeout(timer));
  if (end !== null) throw new Error(`the worker did not start (${describeEnd(end)}):\n${log.join('\n')}`);
}

function residentMiB(status: string): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error('the worker has ended');
  return Number(kilobytes) / 1_024;
}
