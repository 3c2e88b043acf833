/** How what a sandbox has written becomes an image. */
import type { Container } from '../container/container.ts';
import { newImageId } from '../disk/ids.ts';
import type { ImageRecord, ImageStore } from './image-store.ts';
import type { Layers } from './layers.ts';

/** The kernel stacks at most 500 layers, and each one makes every lookup dearer; from here on a snapshot is one whole layer. */
const mostLayers = 100;

/** Makes images of what containers have written. */
export class Snapshots {
  readonly #store: ImageStore;
  readonly #layers: Layers;

  constructor(store: ImageStore, layers: Layers) {
    this.#store = store;
    this.#layers = layers;
  }

  /** Copies the diff of a container over its image; the container goes on. `ttlSeconds` undefined: kept for ever. Resolves to the image's id. */
  async take(container: Container, image: ImageRecord, ttlSeconds: number | undefined): Promise<string> {
    const createdAtMs = Date.now();
    const record = {
      ...image,
      imageId: newImageId(),
      parentId: image.imageId,
      recipe: null,
      origin: 'filesystem snapshot',
      layers: await this.#layersOf(container, image),
      createdAtMs,
      expiresAtMs: ttlSeconds === undefined ? null : createdAtMs + ttlSeconds * 1000,
    };
    this.#store.put(record);
    return record.imageId;
  }

  async #layersOf(container: Container, image: ImageRecord): Promise<string[]> {
    if (image.layers.length >= mostLayers)
      return [await this.#layers.copyWhole(`/proc/${container.init.pid}/root`)];
    const diff = await this.#layers.copyDiff(container.upperDirectory);
    return diff === undefined ? image.layers : [diff, ...image.layers];
  }
}
