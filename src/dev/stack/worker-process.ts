/** The worker as a child process. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  childEnd,
  describeEnd,
  signalGroup,
  siblingModule,
  spawnGuarded,
  stopChild,
  type Environment,
} from '../processes/guarded-child.ts';

/** A worker hands its turns over before it ends. */
const stopGraceMs = 15_000;
const startTimeoutMs = 120_000;
const tailLines = 200;

export type StackWorker = {
  readonly pid: number;
  /** The last lines of its log. */
  readonly tail: readonly string[];
  /** Resolves to a sentence when it ends by itself. */
  ended: Promise<string>;
  stop: () => Promise<void>;
  /** SIGKILL; for tests of a crash. */
  kill: () => Promise<void>;
};

class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed';
}

/** Returns when it polls. Throws `WorkerFailed` with the end of its log. */
export async function startWorkerProcess(options: {
  environment: Environment;
  logDirectory: string;
  /** Its main module, for a worker that is watched from outside; `src/worker.ts` by default. */
  program?: string;
}): Promise<StackWorker> {
  const logFile = join(options.logDirectory, 'worker.log');
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const child = spawnGuarded({
    argv: [process.execPath, options.program ?? siblingModule('../../worker', import.meta.url)],
    environment: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  const running = Promise.withResolvers<null>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      tail.push(line);
      if (tail.length > tailLines) tail.shift();
      if (line.includes('"RUNNING"')) running.resolve(null);
    });
  }
  const ended = childEnd(child).then((end) => {
    log.end();
    return `the worker ended (${describeEnd(end)}), its log: ${logFile}`;
  });
  const timer = setTimeout(
    () => running.reject(new WorkerFailed('the worker did not start')),
    startTimeoutMs,
  );
  const failure = await Promise.race([running.promise, ended]).finally(() => clearTimeout(timer));
  if (failure !== null) throw new WorkerFailed([failure, ...tail.slice(-20)].join('\n'));
  return {
    pid: child.pid ?? 0,
    tail,
    ended,
    stop: () => stopChild(child, stopGraceMs),
    kill: async () => {
      signalGroup(child, 'SIGKILL');
      await ended;
    },
  };
}
