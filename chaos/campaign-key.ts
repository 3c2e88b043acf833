/** Names a campaign: the same only when the same is played by the same plan. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Options } from './options.ts';

/** What decides how a run goes: the product, the harness, and the packages both use. */
const sources = ['src', 'chaos'];
const lockFile = 'package-lock.json';

export async function campaignKey(
  root: string,
  { seed, setting, only, point, points }: Pick<Options, 'seed' | 'setting' | 'only' | 'point' | 'points'>,
): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ seed, setting, only, point, points }));
  for (const path of [...(await filesBelow(root)), join(root, lockFile)]) {
    hash.update(`\n${relative(root, path)}\n`);
    hash.update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await Promise.all(
    sources.map(async (name) => readdir(join(root, name), { recursive: true, withFileTypes: true })),
  );
  return entries
    .flat()
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
}
