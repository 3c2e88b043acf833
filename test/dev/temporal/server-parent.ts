/** Starts a server, prints its address and stays, to be killed. */
import { join } from 'node:path';
import { startTemporalServer } from '../../../src/dev/temporal/server.ts';

const directory = process.env['DIRECTORY'] ?? '';
const server = await startTemporalServer({
  binary: { path: process.env['BINARY'] ?? '' },
  databaseFile: join(directory, 'orphan.sqlite'),
  logFile: join(directory, 'orphan.log'),
  environment: process.env,
  log: () => {},
});
process.stdout.write(`${JSON.stringify({ address: server.address })}\n`);
setInterval(() => {}, 60_000);
