/** Where a call is stopped or let through, whatever it asks. */
import type { CallContext } from './handler.ts';
import type { RpcError } from './rpc-error.ts';

/** What every call passes before (and, for a lost answer, after) its handler. */
export type Gate = {
  /** Throws an RpcError to refuse the call. */
  enter: (context: CallContext) => Promise<void>;
  /** An error to answer with although the handler has done its work: the caller cannot know that it did. */
  leave: (context: CallContext) => Promise<RpcError | undefined>;
};
