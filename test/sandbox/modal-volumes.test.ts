import type { ModalClient } from 'modal';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createModalClient } from '../../src/sandbox/modal-client.ts';
import { ImageGone, ProviderRefused } from '../../src/sandbox/errors.ts';
import type { CreateSandbox } from '../../src/sandbox/provider.ts';
import { openEmulator, type EmulatorSubject } from './emulator-subject.ts';
import { run } from './processes.ts';

let subject: EmulatorSubject;
let modal: ModalClient;
beforeAll(async () => {
  subject = await openEmulator();
  const credentials = { tokenId: 'ak-test', tokenSecret: 'as-test' };
  modal = createModalClient({ serverUrl: subject.emulator.url, credentials, log: () => {} });
});
afterAll(async () => {
  modal?.close();
  await subject?.close();
});

const place = '/mnt/state';
const withVolume = (name: string, volume: string): CreateSandbox => ({
  name,
  image: subject.image,
  command: ['sleep', 'infinity'],
  tags: {},
  timeoutSeconds: 600,
  volumes: [{ name: volume, mountPath: place }],
});
const lookUps = (): number => subject.emulator.calls.filter(({ rpc }) => rpc === 'VolumeGetOrCreate').length;

test('a volume is looked up once, and again when somebody has deleted it', async () => {
  const first = await subject.provider.create(withVolume('first', 'passing'));
  const second = await subject.provider.create(withVolume('second', 'passing'));
  await run(first, ['touch', `${place}/old`]);
  expect(lookUps()).toBe(1);
  await Promise.all([first.terminate(), second.terminate()]);
  await modal.volumes.delete('passing');
  const third = await subject.provider.create(withVolume('third', 'passing'));
  expect((await run(third, ['ls', place])).stdout).toBe('');
  await third.terminate();
});

test('a volume that somebody made with the first version is refused by name, until it is gone', async () => {
  await modal.volumes.fromName('elder', { createIfMissing: true });
  const failure = await subject.provider.create(withVolume('one', 'elder')).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProviderRefused);
  expect((failure as Error).message).toContain("Volume 'elder' exists but has version v1");
  await modal.volumes.delete('elder');
  await (await subject.provider.create(withVolume('one', 'elder'))).terminate();
});

test('an image that is gone is ImageGone also with a volume, which is not made for it', async () => {
  const request = { ...withVolume('none', 'unneeded'), image: { imageId: 'im-0000000000000000000000' } };
  await expect(subject.provider.create(request)).rejects.toBeInstanceOf(ImageGone);
  await expect(modal.volumes.fromName('unneeded')).rejects.toThrow(/not found/);
});
