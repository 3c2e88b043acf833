/**
 * A process that follows slowly, or stops after the first event: `follower.ts <data directory> slow|stops <count>`. Prints
 * the number of each event that it has taken, as the store gave it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openStoreReader } from '../../../src/store/open-store.ts';

const [dataDirectory = '', pace, count] = process.argv.slice(2);
await using store = await openStoreReader({ dataDirectory });
for await (const { seq } of store.events.follow('s', { after: 0 })) {
  process.stdout.write(`${seq}\n`);
  if (seq === Number(count)) break;
  // Ended by the test.
  await sleep(pace === 'stops' ? 2 ** 31 - 1 : 2);
}
