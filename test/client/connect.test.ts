import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Harvest, InvalidRequest, StoreUnavailable, TemporalUnreachable } from '../../src/client.ts';
import type { TemporalServer } from '../../src/dev/temporal/server.ts';
import { nobodysAddress, startServerIn } from './fixtures/temporal-server.ts';

let directory: string;
let temporal: TemporalServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-connect-'));
  temporal = await startServerIn(directory);
});
afterAll(async () => {
  await temporal.kill();
  await rm(directory, { recursive: true });
});

test('without a Temporal server, one sentence names the address and the variables', async () => {
  const address = await nobodysAddress();
  const connecting = Harvest.connect({ temporal: { address }, dataDirectory: directory });
  await expect(connecting).rejects.toThrow(TemporalUnreachable);
  await expect(connecting).rejects.toThrow(
    `Temporal cannot be reached at ${address}: start it, or set TEMPORAL_ADDRESS`,
  );
});

test('options that are not valid are refused by name, before anything is connected', async () => {
  const address = await nobodysAddress();
  const connecting = async (options: object): Promise<string> =>
    Harvest.connect({ temporal: { address }, dataDirectory: directory, ...options }).then(
      () => 'connected',
      (error: unknown) => (error instanceof InvalidRequest ? error.message : String(error)),
    );
  for (const answerSeconds of [Number.NaN, 0, -1, Infinity, 3_601, '30']) {
    expect(await connecting({ answerSeconds })).toMatch(/^Connection, answerSeconds: /);
  }
  expect(await connecting({ dataDirectory: '' })).toBe('Connection, dataDirectory: is not empty.');
  expect(await connecting({ temporal: { address: '' } })).toBe('Connection, temporal.address: is not empty.');
  expect(await connecting({ answerSecond: 30 })).toContain('answerSecond');
});

test('a namespace that does not exist is named at the first call', async () => {
  await using harvest = await Harvest.connect({
    temporal: { address: temporal.address, namespace: 'nowhere' },
    dataDirectory: directory,
  });
  await expect(harvest.listSessions()).rejects.toThrow(TemporalUnreachable);
  await expect(harvest.listSessions()).rejects.toThrow('has no namespace "nowhere"');
});

test('a damaged store file is named', async () => {
  const broken = join(directory, 'broken');
  await using folder = await madeFolder(broken);
  await writeFile(join(folder.path, 'store.sqlite'), 'this is no database, whatever its name says');
  const connecting = Harvest.connect({ temporal: { address: temporal.address }, dataDirectory: broken });
  await expect(connecting).rejects.toThrow(StoreUnavailable);
  await expect(connecting).rejects.toThrow(join(broken, 'store.sqlite'));
});

test('a Harvest may be closed twice', async () => {
  await using harvest = await Harvest.connect({
    temporal: { address: temporal.address },
    dataDirectory: directory,
  });
  await harvest.close();
  await harvest.close();
});

test('what is not valid never reaches Temporal', async () => {
  await using harvest = await Harvest.connect({
    temporal: { address: temporal.address },
    dataDirectory: directory,
  });
  expect(() => harvest.session('No Such Id!')).toThrow(InvalidRequest);
  await expect(harvest.listSessions({ limit: 0 })).rejects.toThrow('limit');
  const session = harvest.session('nobody');
  await expect(session.prompt('').accepted).rejects.toThrow('Prompt, text: a prompt is not empty.');
  await expect(session.prompt('x'.repeat(64_001)).result()).rejects.toThrow(
    'a prompt has at most 64000 characters',
  );
  await expect(session.prompt('x', { id: 'a b' }).accepted).rejects.toThrow(InvalidRequest);
  // @ts-expect-error -- `after` needs the id of the turn that is rejoined
  await expect(session.prompt('x', { after: 3 }).accepted).rejects.toThrow('after: needs the id');
  await expect(session.exec([])).rejects.toThrow('Command, argv: argv names at least the program.');
});

test('the client loads nothing of the worker', async () => {
  const client = new URL('../../src/client.ts', import.meta.url).href;
  const program = `await import(${JSON.stringify(client)});
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify({ all: loaded.length, worker: loaded.filter((file) => /@temporalio.(worker|core-bridge|testing)/.test(file)) }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const loaded = JSON.parse(stdout) as { all: number; worker: string[] };
  expect(loaded.all).toBeGreaterThan(50);
  expect(loaded.worker).toEqual([]);
});

async function madeFolder(path: string): Promise<{ path: string } & AsyncDisposable> {
  await mkdir(path);
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true }) };
}
