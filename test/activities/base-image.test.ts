import { expect, test } from 'vitest';
import { createBaseImageSource } from '../../src/activities/base-image.ts';
import { ImageBuildFailed } from '../../src/sandbox/errors.ts';
import { createModalProvider } from '../../src/sandbox/modal-provider.ts';
import { storeOfTest } from './support/store-of-test.ts';

const { store } = storeOfTest();

const { signal } = new AbortController();

/** A worker's source of base images in a place where builds have these ids, one after the other. */
function sourceIn(place: string, ...imageIds: string[]) {
  const buildImage = async (): Promise<{ imageId: string }> => {
    const imageId = imageIds.shift();
    if (imageId === undefined) throw new Error(`nothing was to be built in ${place}`);
    return { imageId };
  };
  return createBaseImageSource({ store: store(), provider: { place, buildImage }, log: () => undefined });
}

test('the base image of one place is not taken for the one of another with the same data directory', async () => {
  expect(await sourceIn('emulator', 'im-emulator').find(signal)).toEqual({ imageId: 'im-emulator' });
  expect(await sourceIn('modal', 'im-modal').find(signal)).toEqual({ imageId: 'im-modal' });
  expect(await sourceIn('emulator').find(signal)).toEqual({ imageId: 'im-emulator' });
});

test('an image that is gone in one place is built again there, and stays known in the other', async () => {
  await sourceIn('modal', 'im-modal').find(signal);
  const emulator = sourceIn('emulator', 'im-1', 'im-2');
  await emulator.find(signal);
  await emulator.forget();
  expect(await emulator.find(signal)).toEqual({ imageId: 'im-2' });
  expect(await sourceIn('modal').find(signal)).toEqual({ imageId: 'im-modal' });
});

test('a build that fails is logged with the end of its output, which no session sees', async () => {
  const buildImage = async (): Promise<never> => {
    throw new ImageBuildFailed('build image: RUN false failed', 'no space left on device');
  };
  const logged: unknown[] = [];
  const provider = { place: 'emulator', buildImage };
  const log = (message: string, attributes?: Record<string, unknown>) => logged.push([message, attributes]);
  const source = createBaseImageSource({ store: store(), provider, log });
  await expect(source.find(signal)).rejects.toThrow(ImageBuildFailed);
  expect(logged.at(-1)).toEqual([
    'the base image could not be built',
    { cause: 'build image: RUN false failed', output: 'no space left on device' },
  ]);
});

test('a place is a server, an environment and an app', async () => {
  const common = { credentials: { tokenId: 'ak-test', tokenSecret: 'as-test' }, log: () => undefined };
  const serverUrl = 'http://127.0.0.1:1';
  const variants = [
    {},
    { serverUrl },
    { serverUrl: 'http://127.0.0.1:2' },
    { environment: 'staging' },
    { appName: 'other' },
    { serverUrl, environment: 'staging', appName: 'other' },
  ];
  const places = variants.map((variant) => {
    const provider = createModalProvider({ ...common, ...variant });
    void provider.close();
    return provider.place;
  });
  expect(new Set(places).size).toBe(variants.length);
  const same = createModalProvider({ ...common, serverUrl });
  expect(same.place).toBe(places[1]);
  await same.close();
});
