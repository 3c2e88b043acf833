/** A set of ASCII characters with constant-time membership; no character above 127 is ever in one. */
export type CharClass = Readonly<Uint8Array>;

export const digitChars = '0123456789';
export const upperChars = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lowerChars = upperChars.toLowerCase();
export const alphanumericChars = upperChars + lowerChars + digitChars;

export function charClass(members: string): CharClass {
  const table = new Uint8Array(128);
  for (const char of members) table[char.charCodeAt(0)] = 1;
  return table;
}

export function has(chars: CharClass, text: string, at: number): boolean {
  return chars[text.charCodeAt(at)] === 1;
}

/** Where the run of members that begins at `from` ends, looking no further than `limit`. */
export function runEnd(chars: CharClass, text: string, span: { from: number; limit: number }): number {
  const limit = Math.min(span.limit, text.length);
  let at = span.from;
  while (at < limit && has(chars, text, at)) at += 1;
  return at;
}
