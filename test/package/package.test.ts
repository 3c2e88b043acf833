import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stand, fixtureTaskQueue } from '../client/fixtures/stand.ts';
import { nobodysAddress } from '../client/fixtures/temporal-server.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

let directory: string;
let caller: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-package-'));
  const tarball = await packed(join(directory, 'package'));
  caller = join(directory, 'caller');
  await mkdir(caller);
  await writeFile(join(caller, 'package.json'), '{ "name": "caller", "private": true, "type": "module" }');
  const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', tarball, ...quietly], { cwd: caller });
}, 300_000);
afterAll(async () => rm(directory, { recursive: true }));

/** Builds and packs beside the checkout, so that nothing of it shows there. */
async function packed(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of ['package.json', 'LICENSE', 'README.md', 'schemas', 'docs']) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  await run(process.execPath, [join(root, 'scripts', 'build.ts'), join(folder, 'dist')]);
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json'], { cwd: folder });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename);
}

test('the package brings the schemas and the bundled supervisor, and no source', async () => {
  const installed = join(caller, 'node_modules', 'harvest');
  expect((await readdir(installed)).sort()).toEqual(
    ['LICENSE', 'README.md', 'dist', 'docs', 'package.json', 'schemas'].sort(),
  );
  const supervisor = await stat(join(installed, 'dist', 'supervisor.mjs'));
  expect(supervisor.size).toBeGreaterThan(10_000);
  expect(JSON.parse(await readFile(join(installed, 'schemas', 'event.json'), 'utf8'))).toBeTypeOf('object');
});

test('what the README links to comes with it', async () => {
  const installed = join(caller, 'node_modules', 'harvest');
  const readme = await readmeOfPackage();
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link);
  expect(links).toContain('docs/contract.md');
  await Promise.all(links.map(async (link) => stat(join(installed, link))));
});

async function readmeOfPackage(): Promise<string> {
  return readFile(join(caller, 'node_modules', 'harvest', 'README.md'), 'utf8');
}

/** What the README's TypeScript takes from its reader. */
const readersOwn = `const githubToken = 'ghp_packed';\n`;

/** Names of files with the README's TypeScript, as it stands there. */
async function writeReadmeExamples(): Promise<string[]> {
  const examples = [...(await readmeOfPackage()).matchAll(/^```ts\n(.*?)^```/gms)];
  return Promise.all(
    examples.map(async ([, code = ''], index) => {
      const file = `readme-${index + 1}.ts`;
      await writeFile(join(caller, file), readersOwn + code);
      return file;
    }),
  );
}

test('a caller in another project and the README type-check strictly, the declarations of the package included', async () => {
  await cp(join(import.meta.dirname, 'fixtures', 'caller.ts.txt'), join(caller, 'caller.ts'));
  const examples = await writeReadmeExamples();
  expect(examples).toContain('readme-1.ts');
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmitOnError: false,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  const files = ['caller.ts', ...examples];
  await writeFile(join(caller, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { stdout } = await run(process.execPath, [tsc, '--pretty', 'false'], { cwd: caller }).catch(
    (error: unknown) => error as { stdout: string },
  );
  const problems = stdout.split('\n').filter((line) => /^\S+\(\d+,\d+\): error/.test(line));
  // Temporal's own declarations have errors of their own under these settings.
  expect(problems.filter((line) => !line.startsWith('node_modules/@temporalio/'))).toEqual([]);
});

async function runProgram(program: string, environment: Record<string, string>): Promise<string> {
  const path = { PATH: process.env['PATH'] ?? '', HOME: directory };
  const { stdout } = await run(process.execPath, [program], {
    cwd: caller,
    env: { ...path, ...environment },
  });
  return stdout;
}

test('without a Temporal server the caller is told so in one sentence', async () => {
  const address = await nobodysAddress();
  const output = await runProgram('caller.js', {
    TEMPORAL_ADDRESS: address,
    HARVEST_DATA_DIR: join(directory, 'data'),
  });
  expect(output).toMatch(
    new RegExp(`^TemporalUnreachable: Temporal cannot be reached at ${address}: [^\n]*\n$`),
  );
});

/** The installed worker, until it polls; then asked to end. Resolves to what it said when that went wrong. */
async function runWorker(
  environment: Record<string, string>,
): Promise<{ exitCode: number | null; said: string }> {
  const worker = spawn(process.execPath, [join(caller, 'node_modules/harvest/dist/worker.js')], {
    env: { PATH: process.env['PATH'], HOME: directory, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(worker, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: worker.stderr })) {
    lines.push(line);
    if (line.includes('"RUNNING"')) worker.kill('SIGTERM');
  }
  const [exitCode] = (await exited) as [number | null];
  return { exitCode, said: exitCode === 0 ? '' : lines.join('\n') };
}

describe('with a Temporal server', () => {
  let stand: Stand;

  beforeAll(async () => {
    stand = await Stand.start();
  }, 120_000);
  afterAll(async () => stand.stop());

  test('the worker of the package polls without bundling anything, and ends when it is told to', async () => {
    const ended = await runWorker({
      TEMPORAL_ADDRESS: stand.temporal.address,
      HARVEST_DATA_DIR: join(directory, 'worker'),
      MODAL_TOKEN_ID: 'ak-1',
      MODAL_TOKEN_SECRET: 'as-1',
    });
    expect(ended).toEqual({ exitCode: 0, said: '' });
  });

  const onStand = (): Record<string, string> => ({
    TEMPORAL_ADDRESS: stand.temporal.address,
    HARVEST_DATA_DIR: stand.directory,
    HARVEST_TASK_QUEUE: fixtureTaskQueue,
  });

  test('the caller runs', async () => {
    const output = await runProgram('caller.js', onStand());
    expect(output.split('\n')).toEqual(['turn.completed', 'in', 'words', 'completed done', '0 false', '']);
  });

  test('the example of the README runs', async () => {
    const output = await runProgram('readme-1.js', onStand());
    expect(output).toMatch(/^\d+ prompt\.queued\n(\d+ .*\n)*\d+ turn\.completed\n$/);
  });
});
