/** A server of ours in a process of its own: it says where it listens in its first line, the rest goes to a log file. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type * as z from 'zod';
import { childEnd, describeEnd, spawnGuarded, stopChild, type GuardedSpawn } from './guarded-child.ts';

const stopGraceMs = 20_000;

export type ChildServerOptions<T> = Omit<GuardedSpawn, 'stdio'> & {
  /** For messages: "the scripted model". */
  name: string;
  /** Its first line of stdin. The pipe stays open: its end means that we are gone. */
  input?: string;
  /** What its first line of stdout, JSON, must be. */
  ready: z.ZodType<T>;
  logFile: string;
  /** Lines of output after the first. */
  onLine?: (line: string) => void;
  startTimeoutMs: number;
};

export type ChildServer<T> = {
  ready: T;
  pid: number;
  /** Gracefully, then by force; returns when it has ended. */
  stop: () => Promise<void>;
};

class ChildServerFailed extends Error {
  override readonly name = 'ChildServerFailed';
}

export async function startChildServer<T>(options: ChildServerOptions<T>): Promise<ChildServer<T>> {
  const { name, input, ready, logFile, onLine, startTimeoutMs } = options;
  await mkdir(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const child = spawnGuarded({ ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin?.on('error', () => {}).write(input === undefined ? '' : `${input}\n`);

  const tail: string[] = [];
  const first = Promise.withResolvers<string>();
  first.promise.catch(() => {});
  let firstCame = false;
  const keep = (line: string) => {
    log.write(`${line}\n`);
    onLine?.(line);
    tail.push(line);
    if (tail.length > 20) tail.shift();
  };
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', keep);
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (firstCame) return keep(line);
      firstCame = true;
      first.resolve(line);
    });
  }
  const ended = childEnd(child);
  void ended.then((end) => {
    log.end();
    first.reject(new ChildServerFailed(`${name} ended (${describeEnd(end)})\n${tail.join('\n')}`.trimEnd()));
  });
  const timer = setTimeout(() => {
    first.reject(new ChildServerFailed(`${name} did not start within ${startTimeoutMs / 1_000} s`));
  }, startTimeoutMs);
  const stop = () => stopChild(child, stopGraceMs);
  try {
    return { ready: ready.parse(JSON.parse(await first.promise)), pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
