import { describe } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { testStore } from './conformance.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('the store on a SQLite file', () => {
  testStore({
    create: async () => {
      const folder = await temporaryFolder();
      return {
        open: async () => openStore({ dataDirectory: folder.path }),
        remove: async () => folder[Symbol.asyncDispose](),
      };
    },
  });
});
