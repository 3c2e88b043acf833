/** One piece of work after the other, in the order in which they were asked for. */

export type OneAtATime = <T>(work: () => Promise<T>) => Promise<T>;

/** A failure is that of who asked, and does not keep the next from its turn. */
export function createOneAtATime(): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
