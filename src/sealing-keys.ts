/**
 * The keys with which callers seal credentials and the worker opens them: from the configuration, or a file in the data
 * directory that whoever comes first makes. The file serves one machine; several machines set `HARVEST_SEALING_KEYS`.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SealingKeys, generateSealingKey } from './secrets/sealing.ts';

export function loadSealingKeys(options: {
  configured: string | undefined;
  dataDirectory: string;
}): SealingKeys {
  if (options.configured !== undefined) return SealingKeys.parse(options.configured);
  const file = join(options.dataDirectory, 'sealing-keys');
  return SealingKeys.parse(readKeys(file) ?? makeKeys(options.dataDirectory, file));
}

function readKeys(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Two processes may come at once: the first link wins, and both read it. */
function makeKeys(directory: string, file: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `sealing-keys.${randomBytes(8).toString('hex')}`);
  writeFileSync(draft, `${generateSealingKey()}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8').trim();
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
