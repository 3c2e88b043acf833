/** Another build of the workflows: the sources with one change behind `patched()`, in a bundle of its own. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { temporalLogger } from '../../support/temporal-log.ts';

const project = join(import.meta.dirname, '../../..');

export const changeOfNextBuild = 'this turn runs on the next build';

/** Tells of every turn that it begins; what told nothing before tells nothing when it is replayed. */
const change = `if (patched('next-build')) run.warn('${changeOfNextBuild}');`;

export type NextBuild = AsyncDisposable & { path: string };

export async function bundleNextBuild(): Promise<NextBuild> {
  const directory = await mkdtemp(join(tmpdir(), 'harvest-next-build-'));
  for (const room of ['workflows', 'contracts', 'activities']) {
    await cp(join(project, 'src', room), join(directory, room), { recursive: true });
  }
  await symlink(join(project, 'node_modules'), join(directory, 'node_modules'));
  const turns = join(directory, 'workflows', 'run-turn.ts');
  const source = await readFile(turns, 'utf8');
  const beginning = /export async function runNextTurn\([^)]*\): Promise<\w+> \{\n/;
  const changed = `import { patched } from '@temporalio/workflow';\n${source.replace(beginning, `$&  ${change}\n`)}`;
  if (!changed.includes(change)) throw new Error('runNextTurn is not where this test looks for it');
  await writeFile(turns, changed);
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(directory, 'workflows', 'index.ts'),
    logger: temporalLogger,
  });
  const path = join(directory, 'bundled-workflows.js');
  await writeFile(path, code);
  return { path, [Symbol.asyncDispose]: async () => rm(directory, { recursive: true, force: true }) };
}
