/** What the store answers, and what its refusals mean for the client's caller. */
import { StoreClosed } from '../store/errors.ts';
import { HarvestClosed, HarvestError, StoreUnavailable } from './errors.ts';

/** The store's errors are one decision for the client's caller; their sentences stay. */
export async function storeAnswer<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof HarvestError) throw error;
    if (error instanceof StoreClosed) throw new HarvestClosed();
    const sentence = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(sentence, { cause: error });
  }
}
