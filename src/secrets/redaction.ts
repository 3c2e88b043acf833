/**
 * Redaction at the one place where text leaves for logs, the journal or the event log (I8, I11): credentials of known
 * shape and the exact values the session was given, replaced by markers that name what was there, for example
 * `[redacted:github-token]` or, for a given value, `[redacted:secret]`. Redact first, truncate afterwards.
 */
import { RedactionScanner } from './redaction-scanner.ts';
import { ValueAutomaton } from './value-automaton.ts';
import { formsOf } from './value-forms.ts';

export type Redactor = {
  text(text: string): string;
  /** A copy with every string redacted, keys too. `value` must be plain JSON. */
  json<T>(value: T): T;
  /** For one text that arrives in pieces. */
  stream(): RedactionStream;
  /** Whether one of its values stands in the text as a whole, in whatever form. */
  knows(text: string): boolean;
};

/** Concatenated, the outputs are exactly what `text` would give for the whole, however it was cut. */
export type RedactionStream = {
  /** What may leave now. Only what may still become a credential is held back. */
  push(chunk: string): string;
  /** The rest, at the end of the text. The stream can then be used for another text. */
  flush(): string;
};

export function createRedactor({ values }: { values: Iterable<string> }): Redactor {
  const forms = new Set<string>();
  for (const value of values) for (const form of formsOf(value)) forms.add(form);
  const automaton = new ValueAutomaton(forms);
  const text = (whole: string): string => new RedactionScanner(automaton).write(whole, true);
  return {
    text,
    knows: (whole) => forms.values().some((form) => whole.includes(form)),
    // The mapping keeps the structure; only the strings in it change.
    json: <T>(value: T): T => mapStrings(value, text) as T,
    stream: () => createStream(automaton),
  };
}

function createStream(automaton: ValueAutomaton): RedactionStream {
  let scanner = new RedactionScanner(automaton);
  return {
    push: (chunk) => scanner.write(chunk, false),
    flush() {
      const rest = scanner.write('', true);
      scanner = new RedactionScanner(automaton);
      return rest;
    },
  };
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value !== 'object' || value === null) return value;
  const copy = new Map<string, unknown>();
  for (const [key, item] of Object.entries(value)) copy.set(freeKey(map(key), copy), mapStrings(item, map));
  return Object.fromEntries(copy);
}

/** Two keys that are redacted to the same marker both stay. */
function freeKey(key: string, taken: ReadonlyMap<string, unknown>): string {
  let free = key;
  for (let count = 2; taken.has(free); count += 1) free = `${key}#${count}`;
  return free;
}
