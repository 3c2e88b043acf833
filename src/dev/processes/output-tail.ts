/** The end of what a child process writes, for error messages; and its lines as they come, for progress. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const keptLines = 20;

/** Reads the stream to its end and resolves to its last lines, without trailing newline. */
export async function collectTail(stream: Readable | null, onLine?: (line: string) => void): Promise<string> {
  if (stream === null) return '';
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    onLine?.(line);
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
  }
  return lines.join('\n');
}
