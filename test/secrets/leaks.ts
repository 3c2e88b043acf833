/** The longest piece of the secret that may show: what shorter pieces look like is chance. */
const MAX_SHOWN_CHARS = 7;
/** Part of every credential of its kind, so no secret. */
const PUBLIC_PARTS = /-----(?:BEGIN|END) [A-Z ]*-----|\\n|\n/;

/** The first piece of `secret` longer than that which stands in `output`. */
export function leakOf(secret: string, output: string): string | undefined {
  for (const part of secret.split(PUBLIC_PARTS)) {
    for (let at = 0; at + MAX_SHOWN_CHARS < part.length; at += 1) {
      const piece = part.slice(at, at + MAX_SHOWN_CHARS + 1);
      if (output.includes(piece)) return piece;
    }
  }
  return undefined;
}
