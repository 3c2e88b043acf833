/** The Temporal CLI for tests, from PATH or the user's cache, else got there as the product gets it. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { acquireTemporalBinary, type TemporalBinary } from '../../../src/dev/temporal/acquire.ts';

export function temporalBinary(): Promise<TemporalBinary> {
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return acquireTemporalBinary({
    cacheDirectory: join(cacheHome, 'harvest'),
    environment: process.env,
    log: (line) => process.stderr.write(`${line}\n`),
  });
}
