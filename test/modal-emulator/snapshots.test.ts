import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotFoundError } from 'modal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Harness, out, eventually } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

/** Adds an image of so many layers to the state directory of an emulator that does not run. */
function pileUpLayers(count: number): string {
  const { stateDirectory, base } = harness;
  const path = (...names: string[]): string => join(stateDirectory, ...names);
  const record = JSON.parse(readFileSync(path('images', `${base.imageId}.json`), 'utf8'));
  const piled = Array.from({ length: count - 1 }, (_, layer) => {
    mkdirSync(path('layers', `la-pile${layer}`));
    writeFileSync(path('layers', `la-pile${layer}`, `layer-${layer}`), `${layer}\n`);
    return `la-pile${layer}`;
  });
  const imageId = 'im-tall';
  const tall = { ...record, imageId, layers: [...piled.reverse(), ...record.layers] };
  writeFileSync(path('images', `${imageId}.json`), JSON.stringify(tall));
  return imageId;
}

describe('a filesystem snapshot', () => {
  test('brings back what was written, changed, deleted and replaced, with modes, owners and links', async () => {
    const image = await harness.build(
      'ENV KEPT=yes',
      'WORKDIR /work',
      'RUN mkdir -p old/deep && touch old/deep/file && echo 1 > changed',
    );
    const first = await harness.sandbox({}, image);
    await out(first, 'rm -r old; mkdir old; touch old/new; echo 2 > changed; rm /etc/motd');
    await out(
      first,
      'mkdir d; touch d/f; chown 10001:10001 d/f; chmod 4711 d/f; ln d/f d/hard; ln -s f d/soft; mv /usr/share/doc /moved',
    );
    const snapshot = await first.snapshotFilesystem();
    await out(first, 'echo after > changed');
    await first.terminate();
    const second = await harness.sandbox({}, snapshot);
    expect(
      await out(second, 'pwd; echo $KEPT; ls old; cat changed; stat -c "%a %u %g %h" d/f; readlink d/soft'),
    ).toBe('/work\nyes\nnew\n2\n4711 10001 10001 2\nf\n');
    expect(
      await out(second, 'test ! -e /etc/motd && test ! -e /usr/share/doc && ls /moved | wc -l'),
    ).not.toBe('0\n');
    await second.terminate();
  });

  test('of a sandbox that came from a snapshot is one too, and the one before stays as it was', async () => {
    let image = harness.base;
    for (const step of [1, 2, 3]) {
      const sandbox = await harness.sandbox({}, image);
      await out(sandbox, `echo ${step} >> /steps`);
      image = await sandbox.snapshotFilesystem();
      await sandbox.terminate();
      if (step === 2) {
        const other = await harness.sandbox({}, image);
        await out(other, 'echo aside >> /steps');
        await other.terminate();
      }
    }
    const last = await harness.sandbox({}, image);
    expect(await out(last, 'cat /steps')).toBe('1\n2\n3\n');
    await last.terminate();
  });

  test('can be the base of a build', async () => {
    const sandbox = await harness.sandbox();
    await out(sandbox, 'echo from-snapshot > /origin');
    const snapshot = await sandbox.snapshotFilesystem();
    await sandbox.terminate();
    const image = await snapshot.dockerfileCommands(['RUN cat /origin > /built']).build(harness.app);
    const built = await harness.sandbox({}, image);
    expect(await out(built, 'cat /built')).toBe('from-snapshot\n');
    await built.terminate();
  });

  test('holds only the difference', async () => {
    const sandbox = await harness.sandbox();
    await out(sandbox, 'head -c 1000000 /dev/zero > /file');
    const before = harness.layersOnDisk();
    const snapshot = await sandbox.snapshotFilesystem();
    const [layer, ...others] = harness.layersOnDisk().filter((name) => !before.includes(name));
    expect(others).toEqual([]);
    expect(readdirSync(join(harness.stateDirectory, 'layers', layer ?? ''))).toEqual(['file']);
    await sandbox.terminate();
    await harness.modal.images.delete(snapshot.imageId);
  });

  test('of a sandbox that goes on deleting files is taken all the same', async () => {
    const sandbox = await harness.sandbox();
    await out(sandbox, 'mkdir /busy; cd /busy; seq 1 3000 | xargs touch; echo kept > /kept');
    await sandbox.exec([
      'sh',
      '-c',
      'cd /busy; while true; do touch $$-$RANDOM; for f in *; do rm -f $f; touch new-$f; rm -f new-$f; done; done',
    ]);
    const snapshot = await sandbox.snapshotFilesystem();
    await sandbox.terminate();
    const second = await harness.sandbox({}, snapshot);
    expect(await out(second, 'cat /kept')).toBe('kept\n');
    await second.terminate();
  });

  test('is one whole layer when there would be too many, and needs none of those below', async () => {
    await harness.stop();
    const tall = pileUpLayers(100);
    harness = await Harness.start({ stateDirectory: harness.stateDirectory });
    const volume = await harness.modal.volumes.fromName('state', { createIfMissing: true });
    const sandbox = await harness.sandbox(
      { volumes: { '/mnt/state': volume } },
      await harness.modal.images.fromId(tall),
    );
    await out(sandbox, 'rm /layer-7; echo own > /own; touch /mnt/state/not-in-it');
    const snapshot = await sandbox.snapshotFilesystem();
    await sandbox.terminate();
    await harness.modal.images.delete(tall);
    await eventually(() => harness.layersOnDisk().filter((name) => name.startsWith('la-pile'))).toEqual([]);
    const second = await harness.sandbox({}, snapshot);
    expect(await out(second, 'ls -d /layer-* | wc -l; cat /layer-42 /own; ls /layer-7 2>&1 || true')).toBe(
      "98\n42\nown\nls: cannot access '/layer-7': No such file or directory\n",
    );
    expect(await out(second, 'ls -A /mnt /mnt/state')).toBe('/mnt:\nstate\n\n/mnt/state:\n');
    expect(await out(second, 'stat -c %a /tmp /root; apt-get --version | head -c 3; cat /proc/1/comm')).toBe(
      '1777\n700\naptsleep\n',
    );
    await second.terminate();
  });

  test('is gone after its time, with its layer, but a sandbox on it goes on', async () => {
    const sandbox = await harness.sandbox();
    await out(sandbox, 'echo short > /short');
    const before = harness.layersOnDisk().length;
    const snapshot = await sandbox.snapshotFilesystem({ ttlMs: 2000 });
    const lasting = await sandbox.snapshotFilesystem({ ttlMs: null });
    const second = await harness.sandbox({}, snapshot);
    await eventually(async () =>
      harness.modal.images.fromId(snapshot.imageId).catch((error) => error),
    ).toBeInstanceOf(NotFoundError);
    await expect(harness.sandbox({}, snapshot)).rejects.toMatchObject({ code: 5 });
    expect(await out(second, 'cat /short')).toBe('short\n');
    await Promise.all([second.terminate(), sandbox.terminate()]);
    await eventually(() => harness.layersOnDisk().length).toBe(before + 1);
    expect((await harness.modal.images.fromId(lasting.imageId)).imageId).toBe(lasting.imageId);
    await harness.modal.images.delete(lasting.imageId);
  });

  test('is finished although the sandbox is terminated meanwhile', async () => {
    const sandbox = await harness.sandbox();
    await out(sandbox, 'head -c 200000000 /dev/zero > /large; echo end > /zz-last');
    const before = harness.countCalls('TaskSnapshotFilesystem');
    const taken = sandbox.snapshotFilesystem();
    await expect.poll(() => harness.countCalls('TaskSnapshotFilesystem'), { interval: 1 }).toBe(before + 1);
    await sandbox.terminate();
    const snapshot = await taken;
    const second = await harness.sandbox({}, snapshot);
    expect(await out(second, 'stat -c %s /large; cat /zz-last')).toBe('200000000\nend\n');
    await second.terminate();
  });

  test('of an ended sandbox is refused', async () => {
    const sandbox = await harness.sandbox();
    await sandbox.exec(['true']);
    await sandbox.terminate();
    await expect(sandbox.snapshotFilesystem()).rejects.toMatchObject({ code: 5 });
  });
});
