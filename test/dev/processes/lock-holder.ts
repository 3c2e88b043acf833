/** Takes a lock, says so and stays, to be killed. */
import { tryLock } from '../../../src/dev/processes/file-lock.ts';

const lock = await tryLock(process.argv[2] ?? '');
process.stdout.write(`${lock === null ? 'refused' : 'held'}\n`);
setInterval(() => {}, 60_000);
