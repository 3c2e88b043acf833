/**
 * A promise whose work begins when somebody first waits for it: what a caller never asks for is never done, and a
 * result nobody looks at cannot end the process as an unhandled rejection.
 */
export class LazyPromise<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = 'LazyPromise';
  readonly #work: () => Promise<T>;
  #started: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaited is what this class is for
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#start().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#start().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#start().finally(onFinally);
  }

  #start(): Promise<T> {
    this.#started ??= this.#work();
    return this.#started;
  }
}

/** The same promise; whoever waits for it meets its rejection, and if nobody does the process goes on. */
export function mayBeIgnored<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
