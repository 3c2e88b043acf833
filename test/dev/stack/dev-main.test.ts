import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../temporal/processes.ts';

let directory: string;
let running: ChildProcess | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-dev-'));
});
afterEach(async () => {
  // After a failure only; what it started goes with it.
  running?.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

function startDev(): { child: ChildProcess; output: () => string } {
  let output = '';
  const child = spawn(process.execPath, ['src/dev/main.ts'], {
    env: { ...process.env, HARVEST_DATA_DIR: directory, HARVEST_TASK_QUEUE: 'dev-test' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  return { child, output: () => output };
}

/** Processes whose arguments name the data directory, and workers of this run. */
async function leftovers(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args', 'e']);
  return stdout.split('\n').filter((line) => line.includes(directory) && !line.startsWith('ps '));
}

test('npm run dev shows how to look at it, and Ctrl-C ends it cleanly', async () => {
  const { child, output } = startDev();
  const exited = once(child, 'exit');
  await waitForOutput(child, output, 'Harvest runs.');
  const text = output();
  expect(text).toMatch(/Temporal {5}127\.0\.0\.1:\d+, namespace default, task queue dev-test/);
  expect(text).toMatch(/Temporal UI {2}http:\/\/127\.0\.0\.1:\d+/);
  expect(text).toContain('local emulator at http://127.0.0.1:');
  expect(text).toContain('a scripted model answers');
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect(await leftovers()).toEqual([]);
}, 900_000);

test('Ctrl-C while it starts ends it at once', async () => {
  const { child, output } = startDev();
  const exited = once(child, 'exit');
  await waitForOutput(child, output, 'starting the Temporal server');
  child.kill('SIGINT');
  expect(await exited).toEqual([130, null]);
  await waitFor(async () => (await leftovers()).length === 0);
}, 900_000);

async function waitForOutput(child: ChildProcess, output: () => string, text: string): Promise<void> {
  while (!output().includes(text)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
