/** What of the things on disk is in use, and by how many: what nobody holds any more may be deleted. */
export class Holds {
  readonly #counts = new Map<string, number>();

  /** Until the returned function is called, which says what of it nobody holds any more. Further calls release nothing. */
  take(things: readonly string[]): () => string[] {
    for (const thing of things) this.#counts.set(thing, this.#countOf(thing) + 1);
    let held = things;
    return () => {
      const released = held;
      held = [];
      return released.filter((thing) => this.#isFreeAfterOne(thing));
    };
  }

  isHeld(thing: string): boolean {
    return this.#counts.has(thing);
  }

  all(): ReadonlySet<string> {
    return new Set(this.#counts.keys());
  }

  #isFreeAfterOne(thing: string): boolean {
    const left = this.#countOf(thing) - 1;
    if (left > 0) this.#counts.set(thing, left);
    else this.#counts.delete(thing);
    return left <= 0;
  }

  #countOf(thing: string): number {
    return this.#counts.get(thing) ?? 0;
  }
}
