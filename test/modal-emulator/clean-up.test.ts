import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ContainerWatch } from './support/container-watch.ts';
import { eventually, Harness, mountsUnder, sh } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

const containersOnDisk = (): string[] => readdirSync(join(harness.stateDirectory, 'containers'));

describe('ending sandboxes', () => {
  test('leaves no process, no mount and no file of thirty, ended in every way', async () => {
    const volume = await harness.modal.volumes.fromName('state', { createIfMissing: true });
    const sandboxes = await Promise.all(
      Array.from({ length: 30 }, async (_, index) =>
        harness.sandbox({
          volumes: { '/mnt/state': volume },
          ...(index % 3 === 0 && { command: ['sh', '-c', 'read line; exit 5'] }),
        }),
      ),
    );
    using watch = new ContainerWatch(harness.stateDirectory);
    expect(watch.containers).toBe(30);
    // Daemons in sessions of their own that ignore every signal they can.
    const daemons = 'for i in 1 2 3; do setsid sh -c "trap \'\' TERM INT HUP; sleep 600" & done';
    await Promise.all(
      sandboxes.map(async (sandbox, index) =>
        sh(
          sandbox,
          `(${daemons}) >/dev/null 2>&1; head -c 100000 /dev/zero > /file; touch /mnt/state/${index}`,
        ),
      ),
    );
    expect(watch.processes().length).toBeGreaterThanOrEqual(30 * 4);
    const codes = await Promise.all(
      sandboxes.map(async (sandbox, index) => {
        if (index % 3 === 0) await sandbox.stdin.writeText('end\n');
        else if (index % 3 === 1) await sandbox.terminate();
        else await harness.emulator.faults.killSandbox(sandbox.sandboxId);
        return sandbox.wait();
      }),
    );
    expect(codes).toEqual(sandboxes.map((_, index) => (index % 3 === 0 ? 5 : 137)));
    // An end that was reported has happened: nothing is waited for here.
    expect(watch.processes()).toEqual([]);
    expect(mountsUnder(harness.stateDirectory)).toEqual([]);
    await eventually(containersOnDisk).toEqual([]);
    const files = join(harness.stateDirectory, 'volumes', volume.volumeId, 'files');
    expect(readdirSync(files)).toHaveLength(30);
  });

  test('ends two hundred processes that ignore signals, too', async () => {
    const sandbox = await harness.sandbox();
    using watch = new ContainerWatch(harness.stateDirectory);
    await sh(
      sandbox,
      'for i in $(seq 200); do setsid sh -c "trap \'\' TERM; exec sleep 600" >/dev/null 2>&1 & done',
    );
    await eventually(() => watch.processes().length).toBeGreaterThan(200);
    await sandbox.terminate();
    expect(watch.processes()).toEqual([]);
  });

  test('twice, or more often at the same moment, is the same as once', async () => {
    const sandbox = await harness.sandbox();
    await Promise.all([
      sandbox.terminate(),
      sandbox.terminate(),
      harness.emulator.faults.killSandbox(sandbox.sandboxId),
    ]);
    await sandbox.terminate();
    expect(await sandbox.wait()).toBe(137);
  });

  test('ends the commands that were running, and their waits', async () => {
    const sandbox = await harness.sandbox();
    const processes = await Promise.all(
      Array.from({ length: 20 }, async () => sandbox.exec(['sleep', '600'])),
    );
    const waits = processes.map(async (process) => process.wait());
    await sandbox.terminate();
    expect(new Set(await Promise.all(waits))).toEqual(new Set([137]));
  });

  test('while they boot ends them too', async () => {
    const creations = Array.from({ length: 5 }, async (_, index) =>
      harness.sandbox({ name: `booting-${index}` }),
    );
    const outcomes = Promise.allSettled(creations);
    await harness.stop();
    await outcomes;
    expect(containersOnDisk()).toEqual([]);
  });
});
