/** Gets what the tests need of this machine before the first of them counts its time: minutes, on a new machine. */
import { readConfig } from '../../src/config.ts';
import { meetRequirements } from '../../src/dev/stack/emulator.ts';
import { acquireTemporalBinary } from '../../src/dev/temporal/acquire.ts';

export default async function setup(): Promise<void> {
  const log = (line: string): void => console.log(`machine: ${line}`);
  await meetRequirements(log);
  await acquireTemporalBinary({ cacheDirectory: readConfig().cacheDirectory, environment: process.env, log });
}
