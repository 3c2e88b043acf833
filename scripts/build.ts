/**
 * Builds the package: `node scripts/build.ts [folder]`, `dist` by default. Compiles what users install (the embedded stack
 * belongs to a checkout) and bundles the supervisor and the workflows, so that an installed worker need not.
 */
import { execFile } from 'node:child_process';
import { glob, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildTemplate } from '../src/supervisor-bundle.ts';
import { bundleWorkflows } from '../src/workflow-bundle.ts';

const root = join(import.meta.dirname, '..');
const output = resolve(process.argv[2] ?? join(root, 'dist'));

/** `from './x.ts'` and `import("./x.ts")`. */
const typescriptSpecifier = /((?:from |import\()(['"])\.{1,2}\/[^'"]*)\.ts\2/g;

await rm(output, { recursive: true, force: true });
await compile();
await writeFile(join(output, 'supervisor.mjs'), await buildTemplate());
await writeFile(join(output, 'bundled-workflows.js'), await bundleWorkflows());
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
