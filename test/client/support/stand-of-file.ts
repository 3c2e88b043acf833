/** The stand of a test file, and a client connected to it: they start with the file and end with it. */
import { afterAll, beforeAll } from 'vitest';
import type { ConnectOptions, Harvest } from '../../../src/client.ts';
import { Stand } from '../fixtures/stand.ts';

export type StandOfFile = { stand: () => Stand; harvest: () => Harvest };

export function standOfFile(options: Partial<ConnectOptions> = {}): StandOfFile {
  let stand: Stand;
  let harvest: Harvest;
  beforeAll(async () => {
    stand = await Stand.start();
    harvest = await stand.connect(options);
  });
  afterAll(async () => {
    await harvest.close();
    await stand.stop();
  });
  return { stand: () => stand, harvest: () => harvest };
}
