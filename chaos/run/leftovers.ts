/** What must be gone when a session is closed. */
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { argvOf, runningContainers } from '../lane/containers.ts';
import type { Lane } from '../lane/lane.ts';

const patienceMs = 15_000;

/** Phrases; waits for clean-up that goes on in the background. */
export async function leftoversOf(lane: Lane): Promise<string[]> {
  for (const deadlineMs = Date.now() + patienceMs; ; await sleep(100)) {
    const left = look(lane);
    if (left.length === 0 || Date.now() > deadlineMs) return left;
  }
}

function look({ directory, dataDirectory, containersDirectory }: Lane): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(directory) && path !== dataDirectory);
  // Whatever runs in a container runs below a process that was told the container's directory, and ends with it.
  const processes = readdirSync('/proc').filter((name) =>
    argvOf(Number(name)).some((argument) => argument.startsWith(containersDirectory)),
  );
  return [
    ...runningContainers(containersDirectory).map(({ init }) => `a sandbox (process ${init})`),
    ...mounts.map((path) => `a mount at ${path}`),
    ...processes.map((pid) => `process ${pid} (${argvOf(Number(pid)).join(' ').slice(0, 100)})`),
  ];
}
