/** The sandboxes of a lane as its machine sees them: containers with a process 1 and what runs beside it. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export type Container = { directory: string; init: number };
export type ContainerProcess = { pid: number; argv: string[] };

const initSchema = z.object({ pid: z.number() });

/** Those that run now. */
export function runningContainers(containersDirectory: string): Container[] {
  return names(containersDirectory).flatMap((name) => {
    const directory = join(containersDirectory, name);
    const init = initOf(directory);
    return init === null || namespaceOf(init) === null ? [] : [{ directory, init }];
  });
}

/** Names the container's processes, also after its end: none is left then. */
export function namespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

export function processesIn(namespace: string): ContainerProcess[] {
  return names('/proc')
    .filter((name) => /^\d+$/.test(name) && namespaceOf(Number(name)) === namespace)
    .map((name) => ({ pid: Number(name), argv: argvOf(Number(name)) }));
}

export function argvOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

function initOf(directory: string): number | null {
  try {
    return initSchema.parse(JSON.parse(readFileSync(join(directory, 'init.json'), 'utf8'))).pid;
  } catch {
    return null;
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
