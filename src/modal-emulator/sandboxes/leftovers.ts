/**
 * What an emulator that was killed may have left: boxes die with their emulator, but they may still be dying, and their files stay.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { INIT_FILE } from '../box/box.ts';
import { isRunning, processIdentitySchema, removeTrees, signalIfThere } from '../box/host-process.ts';
import { readJsonFile } from '../disk/json-file.ts';

const END_POLL_MS = 10;
const END_POLLS = 1000;

/** Ends every box found under the directory and deletes its files. Only for the holder of the state directory's lock. */
export async function removeLeftoverBoxes(
  boxesDirectory: string,
  log: (line: string) => void,
): Promise<void> {
  await Promise.all(
    readdirSync(boxesDirectory).map(async (name) => {
      const directory = join(boxesDirectory, name);
      const init = readJsonFile(join(directory, INIT_FILE), processIdentitySchema);
      if (init !== undefined && isRunning(init)) {
        log(`ending a box that an earlier process left running (process ${init.pid})`);
        signalIfThere(init.pid, 'SIGKILL');
        for (let poll = 0; isRunning(init) && poll < END_POLLS; poll += 1) await sleep(END_POLL_MS);
      }
      await removeTrees(directory);
    }),
  );
}
