import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidError, NotFoundError, type Sandbox, type Volume } from 'modal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, Harness, makeStateDirectory, out, sh } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

const place = '/mnt/state';
const named = async (name: string): Promise<Volume> =>
  harness.modal.volumes.fromName(name, { createIfMissing: true, version: 2 });
const mounting = async (volume: Volume): Promise<Sandbox> =>
  harness.sandbox({ volumes: { [place]: volume } });
const filesOf = (volume: Volume): string => join(harness.stateDirectory, 'volumes', volume.volumeId, 'files');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const volumesOnDisk = (): string[] => readdirSync(join(harness.stateDirectory, 'volumes'));

describe('a volume', () => {
  test('is found by its name in its environment, and made only if that is asked for', async () => {
    const { volumes } = harness.modal;
    await expect(volumes.fromName('found')).rejects.toThrow(NotFoundError);
    const made = await volumes.fromName('found', { createIfMissing: true });
    expect((await volumes.fromName('found')).volumeId).toBe(made.volumeId);
    expect((await volumes.fromName('found', { createIfMissing: true })).volumeId).toBe(made.volumeId);
    await expect(volumes.fromName('found', { environment: 'other' })).rejects.toThrow(NotFoundError);
    const many = await Promise.all(Array.from({ length: 5 }, async () => named('at-once')));
    expect(new Set(many.map(({ volumeId }) => volumeId)).size).toBe(1);
    await expect(named('a/b')).rejects.toMatchObject({ details: expect.stringContaining('1 to 64 letters') });
  });

  test('keeps the version that it was made with, the first one if none was asked for', async () => {
    const { volumes } = harness.modal;
    await volumes.fromName('first', { createIfMissing: true });
    await named('second');
    await expect(volumes.fromName('first', { version: 2 })).rejects.toThrow(InvalidError);
    await expect(volumes.fromName('second', { version: 1 })).rejects.toThrow(/has version v2/);
    await volumes.fromName('first', { version: 1 });
    await volumes.fromName('second', { version: 2 });
  });

  test('is shared by sandboxes that run at the same time, and nothing of it lies in their own files', async () => {
    const volume = await named('shared');
    const [one, two] = await Promise.all([mounting(volume), mounting(volume)]);
    await out(one, `echo from-one > ${place}/file; mkdir ${place}/d; chown 10001:10001 ${place}/d`);
    await two.reloadVolumes();
    await two.filesystem.writeText('by the API', `${place}/d/text`);
    expect(await one.filesystem.readText(`${place}/d/text`)).toBe('by the API');
    expect(await out(two, `cat ${place}/file; stat -c %u ${place}/d`)).toBe('from-one\n10001\n');
    await out(two, `echo from-two > ${place}/file`);
    await one.reloadVolumes();
    expect(await out(one, `cat ${place}/file`)).toBe('from-two\n');
    expect(readFileSync(join(filesOf(volume), 'file'), 'utf8')).toBe('from-two\n');
    const snapshot = await one.snapshotFilesystem();
    await Promise.all([one.terminate(), two.terminate()]);
    await expect(one.reloadVolumes()).rejects.toThrow();
    const restored = await harness.sandbox({}, snapshot);
    expect(await out(restored, `ls -A ${place} | wc -l`)).toBe('0\n');
    await restored.terminate();
  });

  test('is gone for everybody when it is deleted, and on disk when the last sandbox with it has ended', async () => {
    const { volumes } = harness.modal;
    const volume = await named('doomed');
    const sandbox = await mounting(volume);
    await out(sandbox, `echo still > ${place}/file`);
    await volumes.delete('doomed');
    await expect(volumes.fromName('doomed')).rejects.toThrow(NotFoundError);
    await expect(volumes.delete('doomed')).rejects.toThrow(NotFoundError);
    await volumes.delete('doomed', { allowMissing: true });
    await expect(mounting(volume)).rejects.toMatchObject({ code: 5 });
    expect(await out(sandbox, `cat ${place}/file; echo more > ${place}/more`)).toBe('still\n');
    const next = await named('doomed');
    expect(next.volumeId).not.toBe(volume.volumeId);
    expect(readdirSync(filesOf(next))).toEqual([]);
    const deleted = `deleted-${volume.volumeId}`;
    expect(volumesOnDisk()).toContain(deleted);
    expect(volumesOnDisk()).not.toContain(volume.volumeId);
    await sandbox.terminate();
    await eventually(() => volumesOnDisk().includes(deleted)).toBe(false);
    await volumes.delete('doomed');
    expect(volumesOnDisk().filter((name) => name.endsWith(next.volumeId))).toEqual([]);
  });

  test('without a name is mounted like any other', async () => {
    const before = harness.countCalls('VolumeHeartbeat');
    const volume = await harness.modal.volumes.ephemeral();
    const writer = await mounting(volume);
    await out(writer, `echo passing > ${place}/file`);
    await writer.terminate();
    const reader = await mounting(volume);
    expect(await out(reader, `cat ${place}/file`)).toBe('passing\n');
    await reader.terminate();
    await eventually(() => harness.countCalls('VolumeHeartbeat')).toBeGreaterThan(before);
    volume.closeEphemeral();
  });
});

describe('a mount', () => {
  test('of a sub-path shows nothing above it, and makes it when it is missing', async () => {
    const volume = await named('parts');
    const whole = await mounting(volume);
    await out(whole, `mkdir -p ${place}/a; echo above > ${place}/above`);
    const part = await mounting(volume.withMountOptions({ subPath: '/a/b/c' }));
    await out(part, `echo deep > ${place}/file; ls -A ${place}/.. | grep -v state > ${place}/beside || true`);
    expect(await out(part, `cat ${place}/beside; ls ${place}`)).toBe('beside\nfile\n');
    expect(await out(whole, `cat ${place}/a/b/c/file`)).toBe('deep\n');
    await Promise.all([whole.terminate(), part.terminate()]);
  });

  test('of a sub-path that leads through a link is refused, and so is one through a file', async () => {
    const volume = await named('links');
    const target = makeStateDirectory();
    symlinkSync(target, join(filesOf(volume), 'link'));
    mkdirSync(join(filesOf(volume), 'real'));
    writeFileSync(join(filesOf(volume), 'real', 'file'), '');
    for (const subPath of ['link', 'link/below', 'real/file', 'real/file/below', 'x'.repeat(300)]) {
      await expect(mounting(volume.withMountOptions({ subPath }))).rejects.toMatchObject({
        code: 9,
        details: expect.stringContaining('the sub-path'),
      });
    }
    expect(readdirSync(target)).toEqual([]);
    rmSync(target, { recursive: true });
  });

  test('of a sub-path makes nothing outside of the volume, however a link comes in its way', async () => {
    const volume = await named('swapped');
    const outside = makeStateDirectory();
    const other = await mounting(volume);
    // Exchanges a directory and a link without a pause: RENAME_EXCHANGE.
    const renameat2 = process.arch === 'arm64' ? 276 : 316;
    const swap = `my ($a, $b) = ("real", "link"); while (1) { syscall(${renameat2}, -100, $a, -100, $b, 2) }`;
    await out(other, `cd ${place}; mkdir real; ln -s ${outside} link; perl -e '${swap}' >/dev/null 2>&1 &`);
    const ends = await Array.fromAsync({ length: 40 }, async (_, index) =>
      mounting(volume.withMountOptions({ subPath: `real/${index}` })).then(
        async (sandbox) => sandbox.terminate().then(() => 'mounted'),
        (error: unknown) => messageOf(error),
      ),
    );
    const refused = ends.filter((end) => end !== 'mounted');
    // Both, else nothing was exchanged.
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(ends.length);
    for (const message of refused) expect(message).toContain('the sub-path');
    expect(readdirSync(outside)).toEqual([]);
    await other.terminate();
    rmSync(outside, { recursive: true });
  });

  test('read-only can only be read, beside one that writes', async () => {
    const volume = await named('one-writer');
    const writer = await mounting(volume);
    const reader = await mounting(volume.withMountOptions({ readOnly: true }));
    await out(writer, `echo text > ${place}/file`);
    expect(await out(reader, `cat ${place}/file`)).toBe('text\n');
    const refused = await sh(reader, `echo x > ${place}/file; mkdir ${place}/d; rm ${place}/file`);
    expect(refused.stderr.match(/Read-only file system/g)).toHaveLength(3);
    await Promise.all([writer.terminate(), reader.terminate()]);
  });

  test('makes its place in the image, and takes one that is there and empty', async () => {
    const image = await harness.build('RUN mkdir -p /empty /full && touch /full/file && ln -s /etc /link');
    const one = await named('place-one');
    const two = await named('place-two');
    const sandbox = await harness.sandbox({ volumes: { '/empty': one, '/new/deep': two } }, image);
    expect(await out(sandbox, 'touch /empty/1 /new/deep/2; ls /empty /new/deep')).toBe(
      '/empty:\n1\n\n/new/deep:\n2\n',
    );
    await sandbox.terminate();
    const refused: [string, RegExp][] = [
      ['/full', /non-empty path: "\/full"/],
      ['/full/file', /no directory: "\/full\/file"/],
      ['/link/made', /through a link: "\/link\/made"/],
    ];
    const before = readdirSync('/etc');
    for (const [path, details] of refused) {
      await expect(
        harness.sandbox({ name: 'refused', volumes: { [path]: one } }, image),
      ).rejects.toMatchObject({ code: 9, details: expect.stringMatching(details) });
    }
    expect(readdirSync('/etc')).toEqual(before);
    // Nothing is left of it: the name is free, no container is there, and the volume can be deleted.
    await (await harness.sandbox({ name: 'refused' })).terminate();
    await eventually(() => readdirSync(join(harness.stateDirectory, 'containers'))).toEqual([]);
    await harness.modal.volumes.delete('place-one');
    expect(volumesOnDisk().filter((name) => name.endsWith(one.volumeId))).toEqual([]);
  });

  test('is refused where it cannot be', async () => {
    const one = await named('one');
    const two = await named('two');
    const refused: [Record<string, Volume>, RegExp][] = [
      [{ '/': one }, /cannot be mounted at/],
      [{ '/root': one }, /cannot be mounted at/],
      [{ '/tmp': one }, /cannot be mounted at/],
      [{ '/run/state': one }, /cannot be mounted at/],
      [{ '/proc': one }, /cannot be mounted at/],
      [{ 'mnt/state': one }, /canonical, absolute path/],
      [{ '/mnt/../etc': one }, /canonical, absolute path/],
      [{ '/mnt/state/': one }, /canonical, absolute path/],
      [{ '/a': one, '/b': one.withMountOptions({ subPath: 'b' }) }, /several places/],
      [{ '/a': one, '/a/b': two }, /inside another one/],
      [{ '/a': one.withMountOptions({ subPath: '../x' }) }, /canonical path inside/],
      [{ '/a': one.withMountOptions({ subPath: '' }) }, /subPath/],
    ];
    for (const [volumes, details] of refused) {
      await expect(harness.sandbox({ volumes })).rejects.toMatchObject({
        code: 3,
        details: expect.stringMatching(details),
      });
    }
  });
});
