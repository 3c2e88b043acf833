/** What the conformance suite is given and what it gives to its parts. */
import type { Store } from '../../../src/store/store.ts';

/** One empty store, which may be opened several times at once. */
export type Backing = {
  open(): Promise<Store>;
  remove(): Promise<void>;
};

/** What the tests of one group use: a fresh store for each test. */
export type StoreUnderTest = {
  store: () => Store;
  /** The same store once more, as another process would open it. Closed after the test. */
  another: () => Promise<Store>;
};
