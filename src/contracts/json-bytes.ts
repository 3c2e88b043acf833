/** How much of a bound a value uses up: its size in UTF-8 where it travels as JSON. */
export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
