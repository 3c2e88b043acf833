import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
let folder: string;
let server: https.Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harvest-tls-'));
  const names = 'subjectAltName=IP:127.0.0.1';
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem'];
  await run('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', '-subj', '/CN=api', '-addext', names], {
    cwd: folder,
  });
  const [keyFile, cert] = await Promise.all(
    ['key.pem', 'cert.pem'].map((name) => readFile(join(folder, name))),
  );
  server = https.createServer({ key: keyFile, cert }, (request, response) => {
    response.end(`got ${String(request.headers['x-api-key'])}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

async function throughProxy(env: Record<string, string>): Promise<string> {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = join(import.meta.dirname, 'fixtures/secure-upstream-main.ts');
  const { stdout } = await run(process.execPath, [program, url], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  return stdout;
}

test('an authority that the machine names in addition is trusted', async () => {
  expect(await throughProxy({ NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') })).toBe('200 got real');
});

test('a server that nobody vouches for gets no credential', async () => {
  expect(await throughProxy({})).toMatch(/^502 .*DEPTH_ZERO_SELF_SIGNED_CERT/);
});
