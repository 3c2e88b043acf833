/** A worker as users run it: a process of its own, which tests may kill. */
import { createInterface } from 'node:readline';
import type { ChildProcess } from 'node:child_process';
import { childEnd, spawnGuarded, stopChild } from '../../src/dev/stack/guarded-child.ts';

export type WorkerProcess = {
  readonly pid: number;
  /** The last lines it logged. */
  readonly log: readonly string[];
  kill(): Promise<void>;
  /** SIGTERM, and wait for its end. */
  stop(): Promise<void>;
};

const startTimeoutMs = 60_000;

export async function startWorkerProcess(environment: Record<string, string>): Promise<WorkerProcess> {
  const child = spawnGuarded({
    argv: [process.execPath, 'src/worker.ts'],
    environment: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/root', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  await running(child, log);
  return {
    pid: child.pid ?? 0,
    log,
    kill: async () => {
      const ended = childEnd(child);
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => stopChild(child, 10_000),
  };
}

async function running(child: ChildProcess, log: string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`the worker did not start:\n${log.join('\n')}`)),
    startTimeoutMs,
  );
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.push(line);
      if (log.length > 500) log.shift();
      if (line.includes('"RUNNING"')) resolve();
    });
  }
  void childEnd(child).then((end) =>
    reject(new Error(`the worker ended (${JSON.stringify(end)}):\n${log.join('\n')}`)),
  );
  await promise.finally(() => clearTimeout(timer));
}
