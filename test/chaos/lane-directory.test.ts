import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { argvOf } from '../../chaos/lane/containers.ts';
import { makeLaneDirectory } from '../../chaos/lane/lane-directory.ts';
import { waitFor } from '../dev/temporal/processes.ts';
import { temporaryFolder } from '../store/temporary-folder.ts';

/** Of mounts and processes. */
function tracesOf(directory: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const argvs = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => argvOf(Number(pid)).join(' '));
  return [...mounts, ...argvs].filter((line) => line.includes(`${directory}/chaos-`));
}

test('a lane’s directory goes with its lane', async () => {
  await using folder = await temporaryFolder();
  const lane = await makeLaneDirectory(folder.path);
  await writeFile(join(lane.dataDirectory, 'store.db'), 'something');
  // The disk, and whoever cleans up after a killed harness.
  expect(tracesOf(folder.path).length).toBeGreaterThanOrEqual(2);
  await lane.remove();
  expect(readdirSync(folder.path)).toEqual([]);
  expect(tracesOf(folder.path)).toEqual([]);
});

test('whoever removes a lane’s directory and waits for nothing else sees that end', async () => {
  await using folder = await temporaryFolder();
  const program = join(import.meta.dirname, 'fixtures', 'lane-holder.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder.path, 'remove']);
  expect(stdout.trim().split('\n').at(-1)).toBe('removed');
});

test('a lane’s directory goes also when the harness is killed', async () => {
  await using folder = await temporaryFolder();
  const holder = spawn(
    process.execPath,
    [join(import.meta.dirname, 'fixtures', 'lane-holder.ts'), folder.path],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [directory] = (await once(createInterface({ input: holder.stdout }), 'line')) as [string];
  expect(readdirSync(folder.path)).toHaveLength(1);
  await writeFile(join(directory, 'something'), 'left');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await waitFor(() => readdirSync(folder.path).length === 0 && tracesOf(folder.path).length === 0);
});
