/** The stack that the whole test run shares, as a test file sees it; started by `stack-setup.ts`. */
import { inject } from 'vitest';

export type SharedStack = {
  /** Everything the stack keeps on disk: Temporal's database, the emulator's state, logs. */
  directory: string;
  temporal: { address: string; namespace: string; binary: string };
  modal: { url: string; controlUrl: string; credentials: { tokenId: string; tokenSecret: string } };
  model: { url: string; credential: string };
  /** What every worker of the run loads. */
  workflowBundle: string;
  git: { url: string; token: string; directory: string };
};

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only an interface merges with the library's declaration
  export interface ProvidedContext {
    stack: SharedStack;
  }
}

export function sharedStack(): SharedStack {
  return inject('stack');
}
