/** Gets what the tests need of this machine before the first of them counts its time, and leaves nothing of them behind. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { meetRequirements } from '../../src/dev/stack/emulator.ts';
import { acquireTemporalBinary } from '../../src/dev/temporal/acquire.ts';

/** Both projects have this set-up; the directory is the run's. */
const ours = 'HARVEST_TEST_DIRECTORY';

export default async function setup(): Promise<() => void> {
  const log = (line: string): void => console.log(`machine: ${line}`);
  const directory = process.env[ours] ?? makeDirectory();
  await meetRequirements(log);
  await acquireTemporalBinary({ cacheDirectory: readConfig().cacheDirectory, environment: process.env, log });
  return () => rmSync(directory, { recursive: true, force: true });
}

/** The temporary directory of every test process. It goes with this process, however that ends. */
function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'harvest-tests-'));
  // The agent's user works in folders below it.
  chmodSync(directory, 0o711);
  const watch = 'tail --pid="$1" -f /dev/null; sleep 5; rm -rf "$2"';
  spawn('sh', ['-c', watch, 'sh', String(process.pid), directory], {
    detached: true,
    stdio: 'ignore',
  }).unref();
  process.env[ours] = directory;
  process.env['TMPDIR'] = directory;
  return directory;
}
