/** Where a credential must not stand (I8): files, and the arguments of any process. */
import { readdirSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { argvOf } from '../lane/containers.ts';
import type { Lane } from '../lane/lane.ts';

/** In arguments of processes that run at this moment. */
export function leaksInArguments(secrets: readonly string[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const argv = argvOf(Number(name)).join(' ');
      return secrets.some((secret) => argv.includes(secret))
        ? [`the arguments of ${argv.split(' ')[0]}`]
        : [];
    });
}

export function leaksInText(secrets: readonly string[], where: string, text: string): string[] {
  return secrets.some((secret) => text.includes(secret)) ? [where] : [];
}

/** In files below the lane's directory that changed since then; the base image's are older than any secret. */
export async function leaksInFiles(
  { directory, baseLayers, credentials }: Pick<Lane, 'directory' | 'baseLayers' | 'credentials'>,
  sinceMs: number,
): Promise<string[]> {
  const needles = Object.values(credentials).map((secret) => Buffer.from(secret));
  const leaks: string[] = [];
  for await (const path of filesBelow(directory, baseLayers)) {
    const status = await stat(path).catch(() => null);
    if (status === null || status.mtimeMs < sinceMs) continue;
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (needles.some((needle) => bytes.includes(needle))) leaks.push(`the file ${relative(directory, path)}`);
  }
  return leaks;
}

async function* filesBelow(directory: string, without: ReadonlySet<string>): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !without.has(path)) yield* filesBelow(path, without);
    else if (entry.isFile()) yield path;
  }
}
