/**
 * Finds every occurrence of many words in one pass (Aho-Corasick): time grows with the text alone, whatever the words
 * and however the text is cut. The state after a character is the longest piece of text, ending there, that may still
 * become a word: exactly what a streaming caller must hold back.
 */
export type AutomatonState = {
  /** Length of that piece. */
  readonly depth: number;
  /** Length of the longest word that ends here; 0 for none. */
  readonly matched: number;
};

class Node implements AutomatonState {
  readonly next = new Map<number, Node>();
  readonly depth: number;
  fallback: Node | undefined;
  matched = 0;
  constructor(depth: number) {
    this.depth = depth;
  }
}

export class ValueAutomaton {
  readonly #root = new Node(0);

  constructor(words: Iterable<string>) {
    for (const word of words) this.#add(word);
    this.#link();
  }

  get start(): AutomatonState {
    return this.#root;
  }

  /** @param state what `start` or an earlier `step` of this automaton gave. */
  step(state: AutomatonState, charCode: number): AutomatonState {
    let node: Node | undefined = state instanceof Node ? state : this.#root;
    while (node !== undefined) {
      const next = node.next.get(charCode);
      if (next !== undefined) return next;
      node = node.fallback;
    }
    return this.#root;
  }

  #add(word: string): void {
    let node = this.#root;
    for (let at = 0; at < word.length; at += 1) {
      const code = word.charCodeAt(at);
      let next = node.next.get(code);
      if (next === undefined) {
        next = new Node(at + 1);
        node.next.set(code, next);
      }
      node = next;
    }
    node.matched = node.depth;
  }

  /** Breadth first, so that the fallback of a shorter piece is known before that of a longer one. */
  #link(): void {
    const queue: Node[] = [this.#root];
    for (const node of queue) {
      for (const [code, next] of node.next) {
        let candidate = node.fallback;
        while (candidate !== undefined && !candidate.next.has(code)) candidate = candidate.fallback;
        next.fallback = candidate?.next.get(code) ?? this.#root;
        if (next.matched === 0) next.matched = next.fallback.matched;
        queue.push(next);
      }
    }
  }
}
