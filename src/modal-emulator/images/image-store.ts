/** The images there are, and how long what they consist of stays. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Holds } from '../disk/holds.ts';
import { readJsonFile, writeJsonFile } from '../disk/json-file.ts';
import { notFound } from '../rpc/rpc-error.ts';
import type { Layers } from './layers.ts';

const imageSchema = z.object({
  imageId: z.string(),
  /** The image this one was built on; null for a registry image. */
  parentId: z.string().nullable(),
  /** Of a step of a build: what it was made of. A forced build makes another image for the same recipe, and the newest counts. */
  recipe: z.string().nullable(),
  /** The Dockerfile command it came from, or what it is a snapshot of. */
  origin: z.string(),
  /** Newest first. */
  layers: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()),
  workdir: z.string(),
  shell: z.array(z.string()).min(1),
  createdAtMs: z.number(),
  expiresAtMs: z.number().nullable(),
});
export type ImageRecord = z.output<typeof imageSchema>;

/**
 * Every image on disk: those that were asked for, the steps that led to them (the build cache) and snapshots. A layer stays as long as any
 * image, running sandbox or build uses it.
 */
export class ImageStore {
  readonly #directory: string;
  readonly #layers: Layers;
  readonly #images = new Map<string, ImageRecord>();
  /** Of layers, by containers. */
  readonly #holds = new Holds();

  constructor(directory: string, layers: Layers) {
    this.#directory = directory;
    this.#layers = layers;
    for (const file of readdirSync(directory)) {
      const record = readJsonFile(join(directory, file), imageSchema);
      if (record !== undefined) this.#images.set(record.imageId, record);
    }
  }

  /** Undefined when there is none, its time is over, or a layer of it is gone. */
  find(imageId: string): ImageRecord | undefined {
    const record = this.#images.get(imageId);
    if (record === undefined || isExpired(record)) return undefined;
    return record.layers.every((layer) => this.#layers.pathOf(layer) !== undefined) ? record : undefined;
  }

  /** The newest image that this recipe gave. */
  findByRecipe(recipe: string): ImageRecord | undefined {
    const made = [...this.#images.values()].filter((record) => record.recipe === recipe);
    return made.sort((a, b) => b.createdAtMs - a.createdAtMs).find((record) => this.find(record.imageId));
  }

  get(imageId: string): ImageRecord {
    const record = this.find(imageId);
    if (record === undefined) throw notFound(`Could not find image with ID ${imageId}`);
    return record;
  }

  put(record: ImageRecord): void {
    this.#images.set(record.imageId, record);
    writeJsonFile(join(this.#directory, `${record.imageId}.json`), record);
    this.#layers.recorded(record.layers);
  }

  async delete(imageId: string): Promise<void> {
    this.get(imageId);
    this.#remove(imageId);
    await this.collect();
  }

  /** Absolute paths of an image's layers, kept from collection until released. */
  hold(record: ImageRecord): { paths: string[]; release: () => Promise<void> } {
    const paths = record.layers.map((layer) => {
      const path = this.#layers.pathOf(layer);
      if (path === undefined) throw notFound(`a layer of image ${record.imageId} is gone`);
      return path;
    });
    const letGo = this.#holds.take(record.layers);
    const release = async (): Promise<void> => {
      if (letGo().length > 0 && !this.#images.has(record.imageId)) await this.collect();
    };
    return { paths, release };
  }

  /** Drops what is past its time. */
  async sweep(): Promise<void> {
    const expired = [...this.#images.values()].filter(isExpired);
    for (const record of expired) this.#remove(record.imageId);
    if (expired.length > 0) await this.collect();
  }

  /** Deletes the layers that no image and no container uses any more. */
  async collect(): Promise<void> {
    const used = new Set(this.#holds.all());
    for (const record of this.#images.values()) for (const layer of record.layers) used.add(layer);
    await this.#layers.collect(used);
  }

  #remove(imageId: string): void {
    this.#images.delete(imageId);
    rmSync(join(this.#directory, `${imageId}.json`), { force: true });
  }
}

function isExpired(record: ImageRecord): boolean {
  return record.expiresAtMs !== null && record.expiresAtMs <= Date.now();
}
