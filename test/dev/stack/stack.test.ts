import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DataDirectoryInUse, startStack, type Stack } from '../../../src/dev/stack/stack.ts';
import { isAlive, waitFor } from '../temporal/processes.ts';
import { run } from '../../sandbox/processes.ts';

let directory: string;
let stack: Stack;
const lines: string[] = [];

const optionsFor = (dataDirectory: string) => ({
  cacheDirectory: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'harvest'),
  dataDirectory,
  environment: process.env,
  hasClaudeCredential: false,
  log: (line: string) => lines.push(line),
});

/** Processes whose arguments name the directory. */
async function processesOf(path: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid,args']);
  return stdout.split('\n').filter((line) => line.includes(path) && !line.includes('vitest'));
}

async function mountsOf(path: string): Promise<string[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').filter((line) => line.includes(path));
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-stack-test-'));
  stack = await startStack(optionsFor(join(directory, 'one')));
}, 900_000);
afterAll(async () => {
  await stack?.close();
  await rm(directory, { recursive: true, force: true });
});

test('every part answers', async () => {
  const connection = await Connection.connect(stack.temporal.connectionOptions);
  await connection.workflowService.describeNamespace({ namespace: stack.temporal.namespace });
  await connection.close();
  expect((await fetch(stack.temporal.uiUrl ?? '')).status).toBe(200);
  expect((await fetch(`${stack.scriptedModel?.url}/v1/messages`, { method: 'POST' })).status).toBe(401);
  expect(await stack.modal.provider.list({})).toEqual([]);
});

test('a worker on the stack is told everything by its environment', () => {
  expect(stack.workerEnvironment).toEqual({
    TEMPORAL_ADDRESS: stack.temporal.connectionOptions.address,
    TEMPORAL_NAMESPACE: 'default',
    MODAL_SERVER_URL: stack.modal.serverUrl,
    MODAL_TOKEN_ID: expect.any(String),
    MODAL_TOKEN_SECRET: expect.any(String),
    HARVEST_MODEL_URL: stack.scriptedModel?.url,
    ANTHROPIC_API_KEY: stack.scriptedModel?.credential,
  });
});

test('a second stack on the same data directory is refused in one sentence', async () => {
  const failure = await startStack(optionsFor(join(directory, 'one'))).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DataDirectoryInUse);
  expect((failure as Error).message).toContain(join(directory, 'one'));
});

test('another stack beside it has its own state, shares the base image and ends without a trace', async () => {
  const other = await startStack(optionsFor(join(directory, 'two')));
  expect(other.modal.baseImage).toEqual(stack.modal.baseImage);
  const sandbox = await other.modal.provider.create({
    name: 'only-here',
    image: other.modal.baseImage,
    command: ['sleep', 'infinity'],
    tags: {},
    timeoutSeconds: 600,
  });
  expect((await run(sandbox, ['/opt/harvest/bin/node', '--version'])).code).toBe(0);
  expect(await stack.modal.provider.findByName('only-here')).toBeNull();
  await other.close();
  expect(await processesOf(join(directory, 'two'))).toEqual([]);
  expect(await mountsOf(join(directory, 'two'))).toEqual([]);
});

test('a stack whose process is killed leaves no process and no mount, and starts again', async () => {
  const dataDirectory = join(directory, 'killed');
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'stack-parent.ts')], {
    env: { ...process.env, OPTIONS: JSON.stringify(optionsFor(dataDirectory)) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface({ input: parent.stdout }), 'line');
  const children = (await processesOf(dataDirectory)).map((line) => Number(line.trim().split(' ')[0]));
  expect(children.length).toBeGreaterThan(2);
  parent.kill('SIGKILL');
  await waitFor(() => children.every((pid) => !isAlive(pid)));
  await waitFor(async () => (await processesOf(dataDirectory)).length === 0);
  expect(await mountsOf(dataDirectory)).toEqual([]);
  const again = await startStack(optionsFor(dataDirectory));
  expect(await again.modal.provider.findByName('left-running')).toBeNull();
  await again.close();
});

test('a stack that cannot start whole leaves none of its parts', async () => {
  const dataDirectory = join(directory, 'broken');
  const failure = await startStack({
    ...optionsFor(dataDirectory),
    temporalPort: Number(new URL(`tcp://${stack.temporal.connectionOptions.address}`).port),
  }).catch((error: unknown) => error);
  expect((failure as Error).message).toMatch(/^port \d+ is in use by another program/);
  expect(await processesOf(dataDirectory)).toEqual([]);
});

test('logs are kept, readable by their owner only', async () => {
  expect(await readdir(stack.logDirectory)).toEqual(
    expect.arrayContaining(['modal-emulator.log', 'scripted-model.log', 'temporal.log']),
  );
  expect(lines.join('\n')).toContain('starting the Temporal server');
});
