/** Registered repository sets: what images are built of. They are in the store; neither Temporal nor a worker is asked. */
import type { RepositorySet } from '../contracts/repository-set.ts';
import type { StoreReader } from '../store/store.ts';
import { RepositorySetNotFound } from './errors.ts';
import { listedImage } from './listed-image.ts';
import type { ListedImage } from './listed-image.ts';
import { toRepositorySet } from './repository-set-request.ts';
import type { RegisterRequest } from './repository-set-request.ts';
import { storeAnswer } from './store-answer.ts';
import type { StoreWriter } from './store-writer.ts';
import { checkSetId } from './validate.ts';

export type ShownRepositorySet = {
  set: RepositorySet;
  /** Of every build there was. Newest first. */
  images: ListedImage[];
  /** What sessions start from; null: they start from the base image. Of several places, the newest. */
  current: ListedImage | null;
};

type Reader = Pick<StoreReader, 'repositorySets' | 'repoImages'>;

export class Repositories {
  readonly #reader: Reader;
  readonly #writer: StoreWriter;

  /** Made by `Harvest`. */
  constructor(parts: { reader: Reader; writer: StoreWriter }) {
    this.#reader = parts.reader;
    this.#writer = parts.writer;
  }

  /**
   * Registers a set under its id, in the place of what was registered under it before, and returns it with its defaults. Its
   * images are built from then on, the first one with the next refresh or `harvest.buildImage`. Throws `InvalidRequest`,
   * `StoreUnavailable`, and `HarvestClosed`; a repeat is harmless.
   */
  async register(request: RegisterRequest): Promise<RepositorySet> {
    const set = toRepositorySet(request);
    await this.#writer.write(async ({ repositorySets }) => repositorySets.save(set));
    return set;
  }

  /** Every set, by id. Throws `StoreUnavailable`, and `HarvestClosed`. */
  async list(): Promise<RepositorySet[]> {
    return storeAnswer(this.#reader.repositorySets.list());
  }

  /** Throws `InvalidRequest`, `RepositorySetNotFound`, `StoreUnavailable`, and `HarvestClosed`. */
  async show(setId: string): Promise<ShownRepositorySet> {
    const set = await registeredSet(this.#reader, setId);
    const images = (await storeAnswer(this.#reader.repoImages.list(setId))).map(listedImage);
    return { set, images, current: images.find(({ state }) => state === 'current') ?? null };
  }

  /**
   * No image is built of it any more, and no new session starts from one; those that run go on. The logs of its builds stay
   * readable. One that is not registered is no error. Throws `InvalidRequest`, `StoreUnavailable`, and `HarvestClosed`.
   */
  async remove(setId: string): Promise<void> {
    checkSetId(setId);
    await this.#writer.write(async ({ repositorySets }) => repositorySets.remove(setId));
  }
}

/** Throws `InvalidRequest`, `RepositorySetNotFound`, `StoreUnavailable`, and `HarvestClosed`. */
export async function registeredSet(
  { repositorySets }: Pick<Reader, 'repositorySets'>,
  setId: string,
): Promise<RepositorySet> {
  const set = await storeAnswer(repositorySets.find(checkSetId(setId)));
  if (set === null) throw new RepositorySetNotFound(setId);
  return set;
}
