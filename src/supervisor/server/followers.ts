/**
 * How many follow one thing at once. A worker that gave up reading, or died, leaves its curl behind in the sandbox, which
 * nobody can end from outside and which would take the whole journal to the turn's end; every retry adds one. So the
 * newest few stay. More than one, because two attempts of an activity can overlap (I2): if each newer one ended the other,
 * both would attach again and again.
 */
const mostOfAKind = 2;

export class Followers {
  readonly #ends = new Map<string, (() => void)[]>();

  /** `end` is called when newer followers of `what` have taken the place. The returned function gives it back. */
  admit(what: string, end: () => void): () => void {
    const ends = [...(this.#ends.get(what) ?? []), end];
    for (const endOldest of ends.splice(0, ends.length - mostOfAKind)) endOldest();
    this.#ends.set(what, ends);
    return () => this.#leave(what, end);
  }

  #leave(what: string, end: () => void): void {
    const others = (this.#ends.get(what) ?? []).filter((known) => known !== end);
    if (others.length === 0) this.#ends.delete(what);
    else this.#ends.set(what, others);
  }
}
