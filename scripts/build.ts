/**
 * Builds the package: `node scripts/build.ts [folder]`, `dist` by default. Compiles `src`, brings along what is no
 * TypeScript, and bundles the supervisor, so that an installed worker needs no bundler for it.
 */
import { execFile } from 'node:child_process';
import { copyFile, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildTemplate } from '../src/supervisor/bundle.ts';

const root = join(import.meta.dirname, '..');
const source = join(root, 'src');
const output = resolve(process.argv[2] ?? join(root, 'dist'));

/** `from './x.ts'` and `import("./x.ts")`. */
const typescriptSpecifier = /((?:from |import\()(['"])\.{1,2}\/[^'"]*)\.ts\2/g;

await rm(output, { recursive: true, force: true });
await compile();
await copyAssets();
await writeFile(join(output, 'supervisor', 'supervisor.mjs'), await buildTemplate());
console.log(`built ${output}`);

async function compile(): Promise<void> {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(compiler), 'bin', 'tsc');
  const options = ['--project', join(root, 'tsconfig.build.json'), '--outDir', output];
  try {
    await promisify(execFile)(process.execPath, [tsc, ...options]);
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) console.error(error.stdout);
    throw error;
  }
  // The compiler rewrites `.ts` in what runs and not in declarations, which other tools than it read too.
  for await (const file of glob('**/*.d.ts', { cwd: output })) {
    const text = await readFile(join(output, file), 'utf8');
    await writeFile(join(output, file), text.replaceAll(typescriptSpecifier, '$1.js$2'));
  }
}

async function copyAssets(): Promise<void> {
  for await (const entry of glob('**/*', { cwd: source, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.ts')) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(output, from.slice(source.length + 1));
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
  }
}
