/** The last `bytes` of a text in UTF-8, without half a character at the start. */
export function tail(text: string, bytes: number): string {
  const buffer = Buffer.from(text, 'utf8');
  if (buffer.length <= bytes) return text;
  let start = buffer.length - bytes;
  // Continuation bytes are 10xxxxxx.
  while (start < buffer.length && ((buffer[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return buffer.toString('utf8', start);
}
