import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireTemporalBinary, cachedBinaryPath } from '../../../src/dev/temporal/acquire.ts';
import { downloadBinary } from '../../../src/dev/temporal/download.ts';
import { TemporalUnavailable } from '../../../src/dev/temporal/errors.ts';
import { existingServer } from '../../../src/dev/temporal/existing-server.ts';

/** A proxy that refuses at once: the official download fails without leaving this machine. */
const noNetwork = { HTTPS_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };

let directory: string;
let programs: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-acquire-'));
  programs = join(directory, 'bin');
  await mkdir(programs);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function program(path: string, script: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

const temporalOf = (server: string) => `echo 'temporal version 1.5.1 (Server ${server}, UI 2.42.1)'`;

/** Stands in for Go: makes what `go install` would make, slowly, and notes each run. */
const goThatBuilds = (runs: string) => `
echo run >> ${runs}
echo 'go: downloading something' >&2
/bin/sleep 0.5
printf '#!/bin/sh\\n%s\\n' "${temporalOf('1.29.1')}" > "$GOBIN/temporal"
/bin/chmod 755 "$GOBIN/temporal"`;

function acquire(lines: string[] = []) {
  return acquireTemporalBinary({
    cacheDirectory: directory,
    environment: { PATH: programs, ...noNetwork },
    log: (line) => lines.push(line),
  });
}

test('a usable `temporal` on PATH comes first', async () => {
  await program(join(programs, 'temporal'), temporalOf('1.31.2'));
  await program(cachedBinaryPath(directory), temporalOf('1.29.1'));
  expect(await acquire()).toEqual({
    path: join(programs, 'temporal'),
    version: 'server 1.31.2',
    from: 'path',
  });
});

test('a `temporal` on PATH that is too old is passed over, and said so', async () => {
  await program(join(programs, 'temporal'), temporalOf('1.20.0'));
  await program(cachedBinaryPath(directory), temporalOf('1.29.1'));
  const lines: string[] = [];
  expect((await acquire(lines)).from).toBe('cache');
  expect(lines.join()).toContain('its server is 1.20.0, 1.29 or newer is needed');
});

test('when nothing works one message lists every way and what to do', async () => {
  const lines: string[] = [];
  const failure = await acquire(lines).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TemporalUnavailable);
  const { message } = failure as TemporalUnavailable;
  for (const way of [
    'TEMPORAL_ADDRESS',
    '`temporal` on PATH',
    'cached binary',
    'official download',
    'go install',
  ]) {
    expect(message).toContain(way);
  }
  expect(message).toContain('Connection refused');
  expect(lines[0]).toContain('under a minute');
});

test('a corrupt cached binary is replaced by one that runs', async () => {
  await program(cachedBinaryPath(directory), 'exit 3');
  await program(join(programs, 'go'), goThatBuilds(join(directory, 'runs')));
  const lines: string[] = [];
  expect((await acquire(lines)).from).toBe('go');
  expect(lines.join()).toContain('2 to 5 minutes');
  expect((await acquire()).from).toBe('cache');
});

test('acquisitions at the same time share one build', async () => {
  const runs = join(directory, 'runs');
  await program(join(programs, 'go'), goThatBuilds(runs));
  const lines: string[] = [];
  const sources = (await Promise.all([acquire(lines), acquire(lines), acquire(lines)])).map(
    ({ from }) => from,
  );
  expect(sources.sort()).toEqual(['cache', 'cache', 'go']);
  expect(await readFile(runs, 'utf8')).toBe('run\n');
  expect(lines.join()).toContain('waiting for it');
});

test('a build that makes nothing usable leaves nothing in the cache', async () => {
  await program(join(programs, 'go'), 'echo "go: module lookup disabled" >&2; exit 1');
  await expect(acquire()).rejects.toThrow('go: module lookup disabled');
  await expect(stat(cachedBinaryPath(directory))).rejects.toThrow('ENOENT');
});

test('a download that never answers is given up', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const proxy = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const environment = { HTTPS_PROXY: proxy, https_proxy: proxy };
  await mkdir(join(directory, 'download'));
  await expect(
    downloadBinary({ directory: join(directory, 'download'), environment, stallMs: 3_000 }),
  ).rejects.toThrow('nothing was received for 3 s');
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test('TEMPORAL_ADDRESS names an existing server, and nothing names none', () => {
  const nowhere = { TEMPORAL_CONFIG_FILE: join(directory, 'absent.toml'), HOME: directory };
  expect(existingServer(nowhere)).toBeNull();
  expect(existingServer({ ...nowhere, TEMPORAL_ADDRESS: 'host:7233', TEMPORAL_API_KEY: 'key' })).toEqual({
    connectionOptions: { address: 'host:7233', apiKey: 'key', tls: true },
    namespace: 'default',
  });
});

test('a profile of temporal.toml names an existing server', async () => {
  const file = join(directory, 'temporal.toml');
  await writeFile(file, '[profile.default]\naddress = "profile:7233"\nnamespace = "agents"\n');
  expect(existingServer({ TEMPORAL_CONFIG_FILE: file })).toMatchObject({
    connectionOptions: { address: 'profile:7233' },
    namespace: 'agents',
  });
});
