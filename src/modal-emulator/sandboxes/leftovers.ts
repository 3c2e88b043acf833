/**
 * What an emulator that was killed may have left: containers die with their emulator, but they may still be dying, and their files stay.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { initFile } from '../container/container.ts';
import { isRunning, processIdentitySchema, removeTrees, signalIfThere } from '../container/host-process.ts';
import { readJsonFile } from '../disk/json-file.ts';

const endPollMs = 10;
const endPolls = 1000;

/** Ends every container found under the directory and deletes its files. Only for the holder of the state directory's lock. */
export async function removeLeftoverContainers(
  containersDirectory: string,
  log: (line: string) => void,
): Promise<void> {
  await Promise.all(
    readdirSync(containersDirectory).map(async (name) => {
      const directory = join(containersDirectory, name);
      const init = readJsonFile(join(directory, initFile), processIdentitySchema);
      if (init !== undefined && isRunning(init)) {
        log(`ending a container that an earlier process left running (process ${init.pid})`);
        signalIfThere(init.pid, 'SIGKILL');
        for (let poll = 0; isRunning(init) && poll < endPolls; poll += 1) await sleep(endPollMs);
      }
      await removeTrees(directory);
    }),
  );
}
