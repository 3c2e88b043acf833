/** A repository's own words in a warning: one short line, whatever they are. */
export function quoted(text: string): string {
  const limit = 60;
  return JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…` : text);
}
