/** Records on disk, one JSON file each. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type * as z from 'zod';

/** Writes a record so that a reader, or a restart at any moment, finds the old one or the new one, never a part. */
export function writeJsonFile(path: string, value: object): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
  renameSync(temporary, path);
}

/** Undefined when the file is missing or is not what the schema asks for. */
export function readJsonFile<S extends z.ZodType>(path: string, schema: S): z.output<S> | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
