import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startChildServer } from '../../../src/dev/processes/child-server.ts';
import { startScriptedModelProcess } from '../../../src/dev/stack/scripted-model.ts';
import { isAlive, waitFor } from '../temporal/processes.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-child-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const start = (script: string, more: { input?: string; startTimeoutMs?: number } = {}) =>
  startChildServer({
    name: 'the test server',
    argv: ['/bin/sh', '-c', script],
    environment: { PATH: process.env['PATH'] },
    ready: z.object({ url: z.string() }),
    logFile: join(directory, 'log'),
    startTimeoutMs: 60_000,
    ...more,
  });

test('a server is ready with its first line, and the rest is logged', async () => {
  const server = await start(
    'read word; echo "{\\"url\\":\\"$word\\"}"; echo more; echo worse >&2; sleep 300',
    { input: 'there' },
  );
  expect(server.ready).toEqual({ url: 'there' });
  await waitFor(async () => (await readFile(join(directory, 'log'), 'utf8')).split('\n').length > 2);
  expect(await readFile(join(directory, 'log'), 'utf8')).toContain('more');
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
});

test('a server that ends at once fails with what it said', async () => {
  await expect(start('echo "cannot mount" >&2; exit 3')).rejects.toThrow(
    'the test server ended (exit code 3)\ncannot mount',
  );
});

test('a server that says nothing is given up and ended', async () => {
  await expect(start('exec sleep 300', { startTimeoutMs: 1_000 })).rejects.toThrow(
    'the test server did not start within 1 s',
  );
});

test('the scripted model of the stack answers to its credential only', async () => {
  const model = await startScriptedModelProcess({ environment: process.env, logDirectory: directory });
  const ask = (credential: string) =>
    fetch(`${model.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': credential, 'anthropic-version': '2023-06-01' },
      body: '{}',
    });
  expect((await ask('wrong')).status).toBe(401);
  expect((await ask(model.credential)).status).not.toBe(401);
  await model.stop();
  await expect(ask(model.credential)).rejects.toThrow('fetch failed');
});
