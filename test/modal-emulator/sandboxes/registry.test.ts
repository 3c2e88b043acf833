import { readdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assemble, closeParts, type Parts } from '../../../src/modal-emulator/assembly.ts';
import { StateDirectory } from '../../../src/modal-emulator/disk/state-directory.ts';
import { parseDockerfile } from '../../../src/modal-emulator/images/dockerfile.ts';
import type { CreateRequest } from '../../../src/modal-emulator/sandboxes/registry.ts';
import { baseTag, makeStateDirectory } from '../support/harness.ts';

let state: StateDirectory;
let parts: Parts;
beforeEach(async () => {
  const stateDirectory = makeStateDirectory();
  state = await StateDirectory.open(stateDirectory);
  parts = await assemble(state, { stateDirectory });
});
afterEach(async () => {
  await closeParts(parts);
  await state.close();
  rmSync(state.root, { recursive: true });
});

async function requestWith(...volumeIds: string[]): Promise<CreateRequest> {
  const instructions = parseDockerfile([`FROM ${baseTag}`]);
  const imageId = parts.builder.start({ instructions, bases: new Map(), secrets: {}, force: false });
  await parts.builder.runningBuild(imageId)?.outcome;
  const volumes = volumeIds.map((volumeId, index) => ({
    volumeId,
    mountPath: `/mnt/${index}`,
    readOnly: false,
    subPath: ['part'],
  }));
  const sandbox = { appId: 'ap-1', name: null, tags: {}, timeoutSeconds: 600, idleTimeoutSeconds: null };
  return { ...sandbox, imageId, entrypoint: [], workdir: undefined, env: {}, volumes };
}

test('a sandbox whose volume is deleted while it boots finds no volume, and holds none', async () => {
  const [kept, doomed] = ['kept', 'doomed'].map(
    (name) => parts.volumes.create({ environmentName: 'main', name, version: 2 }).volumeId,
  ) as [string, string];
  const creating = parts.registry.create(await requestWith(kept, doomed));
  const [created] = await Promise.allSettled([creating, parts.volumes.delete(doomed)]);
  expect(created).toMatchObject({ status: 'rejected', reason: { message: `Volume ${doomed} not found` } });
  expect(readdirSync(state.path('volumes'))).toEqual([kept]);
  expect(parts.registry.newestFirst()).toEqual([]);
  await parts.volumes.delete(kept);
  expect(readdirSync(state.path('volumes'))).toEqual([]);
});
