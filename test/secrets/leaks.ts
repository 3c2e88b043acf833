/** The longest piece of the secret that may show: what shorter pieces look like is chance. */
const maxShownChars = 7;
/** Part of every credential of its kind, so no secret. */
const publicParts = /-----(?:BEGIN|END) [A-Z ]*-----|\\n|\n/;

/** The first piece of `secret` longer than that which stands in `output`. */
export function leakOf(secret: string, output: string): string | undefined {
  for (const part of secret.split(publicParts)) {
    for (let at = 0; at + maxShownChars < part.length; at += 1) {
      const piece = part.slice(at, at + maxShownChars + 1);
      if (output.includes(piece)) return piece;
    }
  }
  return undefined;
}
