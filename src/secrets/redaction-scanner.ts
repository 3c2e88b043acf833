/**
 * The one scanner behind every redaction (I11): it takes a text in pieces and gives back what may leave, with every
 * credential replaced by a marker. It owns the undecided end of the text, and keeps two promises:
 *
 * - What leaves does not depend on where the text was cut: a position is decided only when no continuation could
 *   change the answer, so one piece or a thousand give the same output.
 * - What is held back is bounded: the longest beginning of a credential that the text ends with, never ordinary prose.
 *
 * Credentials that overlap are replaced as one. Time grows with the text, whatever the text.
 */
import { OpenTails, type Extent } from './credential-tails.ts';
import { lookBehindChars, type Hit, type TokenShape } from './shape.ts';
import { tokenShapes } from './token-shapes.ts';
import type { AutomatonState, ValueAutomaton } from './value-automaton.ts';

/** Part of the text to replace. `extent` knows the end of one that may still grow. */
type Span = {
  start: number;
  end: number;
  name: string;
  /** Which name wins where several start at one place: the lowest. */
  rank: number;
  extent?: Extent;
};

const valueRank = tokenShapes.length;
/** A text that ends within a known value was cut: so much of its beginning is not shown either. */
const minCutValueChars = 8;
/** Work is done and memory is given back in steps of this size, so that a large piece is not copied over and over. */
const compactChars = 65_536;

const shapesByFirstChar = groupByFirstChar();

export class RedactionScanner {
  #text = '';
  /** Everything before it has left (or was replaced); everything below is an index into `#text`. */
  #left = 0;
  #tried = 0;
  #fed = 0;
  readonly #values: ValueAutomaton;
  #state: AutomatonState;
  #found: Span[] = [];
  /** How far the credentials reach whose marker has left: to this place, and to the end of these. */
  #covered = 0;
  readonly #covering = new Set<Extent>();
  /** Values are found in the order of their ends: one that overlaps the last joins it, unless that has left. */
  #lastValue: Span | undefined;
  readonly #tails = new OpenTails();

  constructor(values: ValueAutomaton) {
    this.#values = values;
    this.#state = values.start;
  }

  write(chunk: string, final: boolean): string {
    this.#text += chunk;
    this.#tails.advance(this.#text, final);
    this.#findValues(final);
    this.#findShapes(final);
    const decided = final ? this.#text.length : Math.min(this.#tried, this.#fed - this.#state.depth);
    const output = this.#release(decided);
    this.#compact();
    return output;
  }

  #findValues(final: boolean): void {
    const text = this.#text;
    let state = this.#state;
    for (; this.#fed < text.length; this.#fed += 1) {
      state = this.#values.step(state, text.charCodeAt(this.#fed));
      if (state.matched > 0) this.#addValue(this.#fed + 1 - state.matched, this.#fed + 1);
    }
    if (final && state.depth >= minCutValueChars) this.#addValue(text.length - state.depth, text.length);
    this.#state = state;
  }

  #addValue(start: number, end: number): void {
    const last = this.#lastValue;
    if (last !== undefined && last.start >= this.#left && start < last.end) {
      last.start = Math.min(last.start, start);
      last.end = end;
      return;
    }
    this.#lastValue = { start, end, name: 'secret', rank: valueRank };
    this.#found.push(this.#lastValue);
  }

  #findShapes(final: boolean): void {
    const text = this.#text;
    for (; this.#tried < text.length; this.#tried += 1) {
      const shapes = shapesByFirstChar[text.charCodeAt(this.#tried)];
      if (shapes === undefined) continue;
      const hits: { hit: Hit; name: string; rank: number }[] = [];
      for (const { shape, rank } of shapes) {
        const verdict = shape.match(text, this.#tried);
        if (verdict === 'more' && !final) return;
        if (typeof verdict !== 'string') hits.push({ hit: verdict, name: shape.name, rank });
      }
      if (hits.length === 0) continue;
      for (const { hit, name, rank } of hits) {
        const extent = hit.tail === undefined ? {} : { extent: this.#tails.begin(hit.tail, hit.end) };
        this.#found.push({ start: hit.start, end: hit.end, name, rank, ...extent });
      }
      this.#tails.advance(text, final);
    }
  }

  #release(decided: number): string {
    this.#found.sort((a, b) => a.start - b.start || a.rank - b.rank);
    const output: string[] = [];
    this.#settle();
    let taken = 0;
    for (const span of this.#found) {
      if (span.start >= decided) break;
      taken += 1;
      const covered = this.#coveredTo();
      if (span.start >= covered)
        output.push(this.#text.slice(covered, span.start), `[redacted:${span.name}]`);
      this.#cover(span);
    }
    this.#found.splice(0, taken);
    output.push(this.#text.slice(this.#coveredTo(), Math.max(decided, this.#coveredTo())));
    this.#left = decided;
    return output.join('');
  }

  #coveredTo(): number {
    return this.#covering.size > 0 ? Infinity : Math.max(this.#left, this.#covered);
  }

  #cover({ end, extent }: Span): void {
    this.#covered = Math.max(this.#covered, end);
    if (extent === undefined) return;
    if (extent.end === Infinity) this.#covering.add(extent);
    else this.#covered = Math.max(this.#covered, extent.end);
  }

  /** Credentials that were still growing may have ended meanwhile. */
  #settle(): void {
    for (const extent of this.#covering) {
      if (extent.end === Infinity) continue;
      this.#covering.delete(extent);
      this.#covered = Math.max(this.#covered, extent.end);
    }
  }

  /** Forgets what has left, but for what a shape may look back at. */
  #compact(): void {
    const needed = Math.min(this.#left, this.#tried, this.#fed, this.#tails.neededFrom);
    const cut = needed - lookBehindChars;
    if (cut <= 0 || (cut < compactChars && cut < this.#text.length / 2)) return;
    this.#text = this.#text.slice(cut);
    this.#left -= cut;
    this.#tried -= cut;
    this.#fed -= cut;
    this.#lastValue = undefined;
    this.#covered -= cut;
    for (const span of this.#found) {
      // A tail that has ended is not moved with the open ones: its span remembers where that was.
      if (span.extent !== undefined && span.extent.end < Infinity) {
        span.end = Math.max(span.end, span.extent.end);
        delete span.extent;
      }
      span.start -= cut;
      span.end -= cut;
    }
    this.#tails.shift(cut);
  }
}

function groupByFirstChar(): ({ shape: TokenShape; rank: number }[] | undefined)[] {
  const groups: ({ shape: TokenShape; rank: number }[] | undefined)[] = Array.from({ length: 128 });
  for (const [rank, shape] of tokenShapes.entries()) {
    for (const char of new Set(shape.firstChars)) (groups[char.charCodeAt(0)] ??= []).push({ shape, rank });
  }
  return groups;
}
