import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchAttributes } from '../../../src/contracts/search-attributes.ts';
import { PortTaken, TemporalStartFailed } from '../../../src/dev/temporal/errors.ts';
import { prepareExistingServer } from '../../../src/dev/temporal/existing-server.ts';
import { startTemporalServer, type TemporalServer } from '../../../src/dev/temporal/server.ts';
import { isAlive, waitFor } from './processes.ts';
import { temporalBinary } from './temporal-binary.ts';

let directory: string;
let server: TemporalServer;
let binary: { path: string };

const serverOptions = (name: string) => ({
  binary,
  databaseFile: join(directory, `${name}.sqlite`),
  logFile: join(directory, `${name}.log`),
  environment: { ...process.env, TEMPORAL_ADDRESS: 'nowhere:1' },
  log: () => {},
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-temporal-'));
  binary = await temporalBinary();
  server = await startTemporalServer(serverOptions('main'));
}, 600_000);

afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function withConnection<T>(address: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function start(workflowId: string): Promise<void> {
  await withConnection(server.address, (connection) =>
    connection.workflowService.startWorkflowExecution({
      namespace: server.namespace,
      workflowId,
      requestId: workflowId,
      workflowType: { name: 'none' },
      taskQueue: { name: 'none' },
      searchAttributes: {
        indexedFields: {
          HarvestState: {
            metadata: { encoding: Buffer.from('json/plain'), type: Buffer.from('Keyword') },
            data: Buffer.from('"idle"'),
          },
        },
      },
    }),
  );
}

async function found(query: string): Promise<string[]> {
  const answer = await withConnection(server.address, (connection) =>
    connection.workflowService.listWorkflowExecutions({ namespace: server.namespace, query }),
  );
  return answer.executions.map((execution) => execution.execution?.workflowId ?? '');
}

test('a started server has the namespace, the search attributes and a user interface', async () => {
  const { customAttributes } = await withConnection(server.address, (connection) =>
    connection.operatorService.listSearchAttributes({ namespace: 'default' }),
  );
  expect(Object.keys(customAttributes)).toEqual(
    expect.arrayContaining(Object.values(searchAttributes).map(({ name }) => name)),
  );
  expect(customAttributes['HarvestRepository']).toBe(7);
  const page = await fetch(server.uiUrl);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<html');
});

test('a killed server comes back on the same address with its workflows, findable by search attribute', async () => {
  await start('kept');
  const { address } = server;
  await server.kill();
  await expect(fetch(server.uiUrl)).rejects.toThrow('fetch failed');
  await server.restart();
  expect(server.address).toBe(address);
  await waitFor(async () => (await found('HarvestState="idle"')).includes('kept'));
});

test('a server on a port in use is refused with one sentence that names the port', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(startTemporalServer({ ...serverOptions('taken'), port })).rejects.toEqual(new PortTaken(port));
  await expect(startTemporalServer({ ...serverOptions('taken'), uiPort: port })).rejects.toEqual(
    new PortTaken(port),
  );
  taken.close();
});

test('a server that cannot start says why with the end of its log and leaves no process', async () => {
  const options = { ...serverOptions('broken'), databaseFile: directory };
  const failure = await startTemporalServer(options).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TemporalStartFailed);
  expect((failure as TemporalStartFailed).log).not.toBe('');
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  expect(stdout.split('\n').filter((line) => line.includes(`--db-filename ${directory} `))).toEqual([]);
});

test('a stopped server leaves no process', async () => {
  const other = await startTemporalServer(serverOptions('stopped'));
  await other.stop();
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  expect(stdout).not.toContain(join(directory, 'stopped.sqlite'));
});

test('the server dies with a parent that was killed', async () => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'server-parent.ts')], {
    env: { ...process.env, BINARY: binary.path, DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const { address } = JSON.parse(line) as { address: string };
  const { stdout } = await promisify(execFile)('pgrep', ['-f', join(directory, 'orphan.sqlite')]);
  const pid = Number(stdout.trim());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await waitFor(() => !isAlive(pid));
  await expect(Connection.connect({ address, connectTimeout: '500ms' })).rejects.toThrow();
});

test('search attributes missing from an existing server are registered there', async () => {
  const namespace = 'another';
  await withConnection(server.address, async (connection) => {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
  });
  const target = { connectionOptions: { address: server.address }, namespace };
  const lines: string[] = [];
  await waitFor(async () => {
    await prepareExistingServer(target, (line) => lines.push(line));
    return true;
  });
  expect(lines.at(-1)).toContain('HarvestRepository, HarvestState, HarvestUser');
  const { customAttributes } = await withConnection(server.address, (connection) =>
    connection.operatorService.listSearchAttributes({ namespace }),
  );
  expect(customAttributes).toMatchObject({ HarvestRepository: 7, HarvestState: 2, HarvestUser: 2 });
});

test('an existing server that does not answer is named in one sentence', async () => {
  const target = { connectionOptions: { address: '127.0.0.1:9' }, namespace: 'default' };
  await expect(prepareExistingServer(target, () => {})).rejects.toThrow(
    /^the Temporal server at 127\.0\.0\.1:9 \(from TEMPORAL_ADDRESS or temporal\.toml\) does not answer: /,
  );
});

test('the log of the server is a file', async () => {
  expect(await readFile(server.logFile, 'utf8')).toContain('UI:');
});
