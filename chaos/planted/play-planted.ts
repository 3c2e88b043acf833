/** Plants each bug into a copy of the sources, and lets the copy's own harness look for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { plantedBugs } from './bugs.ts';
import type { Edit, PlantedBug } from './bugs.ts';

export type PlantedResult = {
  bug: PlantedBug;
  /** The checks that caught it, of those that should. */
  caughtBy: readonly string[];
};

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `only`: names of bugs; all without. */
export async function playPlanted(options: {
  only: readonly string[] | undefined;
  seed: number;
  signal: AbortSignal;
  progress: (line: string) => void;
}): Promise<PlantedResult[]> {
  const { only, seed, signal, progress } = options;
  const results: PlantedResult[] = [];
  for (const bug of plantedBugs.filter(({ name }) => only?.includes(name) ?? true)) {
    const said = await withCopy(bug.edits, async (copy) =>
      runHarness(copy, [...bug.run, '--seed', String(seed)], signal),
    );
    const caughtBy = bug.caughtBy.filter((check) => said.includes(`    ${check}: `));
    progress(
      `${bug.name}: ${caughtBy.length > 0 ? `caught by "${caughtBy.join('", "')}"` : `NOT caught\n${said}`}`,
    );
    results.push({ bug, caughtBy });
  }
  return results;
}

async function withCopy<T>(edits: readonly Edit[], use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'harvest-planted-'));
  try {
    for (const name of ['src', 'chaos', 'package.json']) {
      await cp(join(root, name), join(directory, name), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    for (const edit of edits) await plant(directory, edit);
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function plant(directory: string, { file, from, to }: Edit): Promise<void> {
  const path = join(directory, file);
  const parts = (await readFile(path, 'utf8')).split(from);
  if (parts.length !== 2) throw new Error(`the planted bug does not fit ${file} any more: ${from}`);
  await writeFile(path, parts.join(to));
}

/** What it wrote to stderr: a line for each run, and one for each violation. */
async function runHarness(directory: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, [join(directory, 'chaos', 'main.ts'), ...args], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // It ends what it started, as on Ctrl-C.
  const end = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  return said;
}
