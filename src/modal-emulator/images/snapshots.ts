import type { Box } from '../box/box.ts';
import { newImageId } from '../disk/ids.ts';
import type { ImageRecord, ImageStore } from './image-store.ts';
import type { Layers } from './layers.ts';

/** The kernel stacks at most 500 layers, and each one makes every lookup dearer; from here on a snapshot is one whole layer. */
const MOST_LAYERS = 100;

/** Makes images of what boxes have written. */
export class Snapshots {
  readonly #store: ImageStore;
  readonly #layers: Layers;

  constructor(store: ImageStore, layers: Layers) {
    this.#store = store;
    this.#layers = layers;
  }

  /** Copies the diff of a box over its image; the box goes on. `ttlSeconds` undefined: kept for ever. Resolves to the image's id. */
  async take(box: Box, image: ImageRecord, ttlSeconds: number | undefined): Promise<string> {
    const createdAtMs = Date.now();
    const record = {
      ...image,
      imageId: newImageId(),
      parentId: image.imageId,
      recipe: null,
      origin: 'filesystem snapshot',
      layers: await this.#layersOf(box, image),
      createdAtMs,
      expiresAtMs: ttlSeconds === undefined ? null : createdAtMs + ttlSeconds * 1000,
    };
    this.#store.put(record);
    return record.imageId;
  }

  async #layersOf(box: Box, image: ImageRecord): Promise<string[]> {
    if (image.layers.length >= MOST_LAYERS)
      return [await this.#layers.copyWhole(`/proc/${box.init.pid}/root`)];
    const diff = await this.#layers.copyDiff(box.upperDirectory);
    return diff === undefined ? image.layers : [diff, ...image.layers];
  }
}
