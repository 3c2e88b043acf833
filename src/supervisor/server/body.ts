/** Request bodies, with a limit each. */
import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { RequestRefused } from '../errors.ts';

const mebibyte = 1024 * 1024;

export const bodyLimits = {
  /** A turn's text has at most 64,000 characters; a start brings ten messages and the environment. */
  json: 4 * mebibyte,
  bundle: 64 * mebibyte,
  transcript: 1024 * mebibyte,
} as const;

/**
 * Rejects with `bad-request` for what is not what it should be. What is no JSON at all was cut on its way: `internal`, as the
 * same request may come whole when it is repeated.
 */
export async function readJson<T extends z.ZodType>(
  request: IncomingMessage,
  schema: T,
): Promise<z.infer<T>> {
  const chunks: Buffer[] = [];
  for await (const chunk of limited(request, bodyLimits.json)) chunks.push(chunk);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new RequestRefused('internal', 'the body is no JSON: it was cut on its way');
  }
  return schema.parse(value);
}

export async function* limited(request: IncomingMessage, limitBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) {
      throw new RequestRefused('bad-request', `the body has more than ${limitBytes} bytes`);
    }
    yield chunk;
  }
}
