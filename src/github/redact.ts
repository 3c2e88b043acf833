/** Keeps credentials out of what GitHub, or a proxy before it, says about a request (I8): before anything is cut (I11). */

const marker = '[redacted]';
/** Characters of GitHub's own words that an error repeats. */
const longestSentence = 500;

const shapes: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
  /(?:gh[a-z]_|github_pat_)[A-Za-z0-9_.-]{10,}/g,
  /eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g,
];

/** One line without credentials, cut to a bound. `values` are the credentials that were sent, whatever they look like. */
export function sentenceWithout(values: Iterable<string>, text: string): string {
  let clean = text;
  for (const value of values) if (value !== '') clean = clean.replaceAll(value, marker);
  for (const shape of shapes) clean = clean.replaceAll(shape, marker);
  const line = clean.replaceAll(/\s+/g, ' ').trim();
  return line.length > longestSentence ? `${line.slice(0, longestSentence)}…` : line;
}
