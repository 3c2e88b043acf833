/** A store for each test of a file: it is opened before the test, and gone after it. */
import { afterEach, beforeEach } from 'vitest';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { temporaryFolder } from '../../store/temporary-folder.ts';

export type StoreOfTest = {
  store: () => Store;
  /** Where the store of the running test is. */
  dataDirectory: () => string;
  /** As after a restart of the process that had it open. */
  reopen: () => Promise<void>;
};

export function storeOfTest(): StoreOfTest {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let store: Store;
  const dataDirectory = (): string => folder.path;
  const open = async (): Promise<void> => {
    store = await openStore({ dataDirectory: dataDirectory() });
  };
  beforeEach(async () => {
    folder = await temporaryFolder();
    await open();
  });
  afterEach(async () => {
    await store.close();
    await folder[Symbol.asyncDispose]();
  });
  const reopen = async (): Promise<void> => {
    await store.close();
    await open();
  };
  return { store: () => store, dataDirectory, reopen };
}
