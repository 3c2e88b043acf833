/** The store as few callers need it: opened to write when something is written first, and closed with the client. */
import type { Store } from '../store/store.ts';
import { HarvestClosed } from './errors.ts';
import { storeAnswer } from './store-answer.ts';

export class StoreWriter {
  readonly #open: () => Promise<Store>;
  #opening: Promise<Store> | undefined;
  #closed = false;

  constructor(open: () => Promise<Store>) {
    this.#open = open;
  }

  /** Throws `StoreUnavailable`, and `HarvestClosed`. */
  async write<T>(work: (store: Store) => Promise<T>): Promise<T> {
    if (this.#closed) throw new HarvestClosed();
    this.#opening ??= this.#open().catch((error: unknown) => {
      // The next one tries again.
      this.#opening = undefined;
      throw error;
    });
    return storeAnswer(this.#opening.then(work));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const store = await this.#opening?.catch(() => undefined);
    await store?.close();
  }
}
