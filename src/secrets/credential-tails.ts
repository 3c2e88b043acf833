/**
 * Where credentials end whose beginning was recognized. A tail may be long and may still be arriving; several
 * credentials that begin within one run of characters share that run, so that it is walked once.
 */
import { has, type CharClass } from './char-class.ts';
import type { Tail } from './shape.ts';
import { maxPrivateKeyChars, privateKeyLine } from './structured-shapes.ts';

export type Extent = {
  /** Infinity while the end has not been seen. */
  readonly end: number;
  advance(text: string, final: boolean): void;
};

export class OpenTails {
  readonly #open = new Set<RunTail | PrivateKeyTail>();
  /** The latest of each kind, open or not: what begins inside it ends where it ends. */
  readonly #runs = new Map<CharClass, RunTail>();
  #privateKey: PrivateKeyTail | undefined;

  /** The tail of a credential whose recognized part ends at `from`. */
  begin(tail: Tail, from: number): Extent {
    return tail.kind === 'run' ? this.#beginRun(tail.chars, from) : this.#beginPrivateKey(from);
  }

  advance(text: string, final: boolean): void {
    for (const tail of this.#open) {
      tail.advance(text, final);
      if (tail.end !== Infinity) this.#open.delete(tail);
    }
  }

  /** Nothing before it is looked at again. */
  get neededFrom(): number {
    let from = Infinity;
    for (const tail of this.#open) from = Math.min(from, tail.neededFrom);
    return from;
  }

  /** The text lost its first `cut` characters. Tails that have ended are known to their spans, not to us. */
  shift(cut: number): void {
    for (const tail of this.#open) tail.shift(cut);
    for (const run of this.#runs.values()) if (!this.#open.has(run)) run.shift(cut);
    if (this.#privateKey !== undefined && !this.#open.has(this.#privateKey)) this.#privateKey.shift(cut);
  }

  #beginRun(chars: CharClass, from: number): Extent {
    const known = this.#runs.get(chars);
    if (known?.covers(from) === true) return known;
    const run = new RunTail(chars, from);
    this.#runs.set(chars, run);
    this.#open.add(run);
    return run;
  }

  #beginPrivateKey(from: number): Extent {
    const known = this.#privateKey;
    if (known?.extendTo(from) === true) return known;
    const key = new PrivateKeyTail(from, Math.max(from, known?.searched ?? 0));
    this.#privateKey = key;
    this.#open.add(key);
    return key;
  }
}

class RunTail implements Extent {
  readonly #chars: CharClass;
  #from: number;
  #to: number;
  #ended = false;

  constructor(chars: CharClass, from: number) {
    this.#chars = chars;
    this.#from = from;
    this.#to = from;
  }

  get end(): number {
    return this.#ended ? this.#to : Infinity;
  }

  get neededFrom(): number {
    return this.#to;
  }

  covers(at: number): boolean {
    return at >= this.#from && at <= this.#to;
  }

  advance(text: string, final: boolean): void {
    while (this.#to < text.length && has(this.#chars, text, this.#to)) this.#to += 1;
    this.#ended = final || this.#to < text.length;
  }

  shift(cut: number): void {
    this.#from -= cut;
    this.#to -= cut;
  }
}

const endLine = '-----END ';

/** Up to and with the first end line, or as much as a key can be long when there is none. */
class PrivateKeyTail implements Extent {
  #searched: number;
  #limit: number;
  #ended: 'no' | 'at end line' | 'at limit' = 'no';

  constructor(from: number, searched: number) {
    this.#searched = searched;
    this.#limit = from + maxPrivateKeyChars;
  }

  get end(): number {
    return this.#ended === 'no' ? Infinity : this.#limit;
  }

  /** No end line begins before it, unless that is where the key ended. */
  get searched(): number {
    return this.#searched;
  }

  get neededFrom(): number {
    return this.#searched;
  }

  /** A begin line inside a key belongs to the same end line; false when this tail cannot tell where that is. */
  extendTo(from: number): boolean {
    if (this.#ended === 'no') this.#limit = from + maxPrivateKeyChars;
    return this.#ended === 'no' || (this.#ended === 'at end line' && from <= this.#limit);
  }

  advance(text: string, final: boolean): void {
    while (this.#ended === 'no') {
      const found = text.slice(this.#searched, this.#limit + endLine.length - 1).indexOf(endLine);
      if (found < 0) {
        this.#endAtLimit(text, final);
        return;
      }
      const at = this.#searched + found;
      const line = privateKeyLine(text, at, endLine);
      if (line === 'more' && !final) {
        this.#searched = at;
        return;
      }
      if (typeof line === 'string') this.#searched = at + 1;
      else this.#endWith('at end line', line.end);
    }
  }

  shift(cut: number): void {
    this.#searched -= cut;
    this.#limit -= cut;
  }

  #endAtLimit(text: string, final: boolean): void {
    // An end line may have begun with the last characters that are there.
    const unsearched = text.length - endLine.length + 1;
    this.#searched = Math.max(this.#searched, Math.min(unsearched, this.#limit));
    if (unsearched >= this.#limit) this.#endWith('at limit', this.#limit);
    else if (final) this.#endWith('at limit', text.length);
  }

  #endWith(how: 'at end line' | 'at limit', end: number): void {
    this.#ended = how;
    this.#limit = end;
  }
}
