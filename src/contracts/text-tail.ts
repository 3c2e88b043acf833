/** The end of a text that is too long to travel whole: an answer, or the output of an exec. */

/** The last `bytes` of a text in UTF-8, without half a character at the start. */
export function textTail(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  let start = encoded.length - bytes;
  // Continuation bytes are 10xxxxxx.
  while (((encoded[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(encoded.subarray(start));
}
