import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createUpstream } from '../../../src/supervisor/proxies/upstream.ts';
import type { Upstream } from '../../../src/supervisor/proxies/upstream.ts';
import { startUpstream } from './support/upstream.ts';

const idleMs = 300;

/** Returns the port of its own end of the connection. */
async function get(upstream: Upstream): Promise<number | undefined> {
  const request = upstream.open({ method: 'GET', path: '/', headers: {} }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { localPort } = response.socket;
  await once(response.resume(), 'end');
  return localPort;
}

test('a connection is used again, but not after it was idle for too long', async () => {
  const server = await startUpstream((_request, response) => response.end('here'));
  const upstream = createUpstream(new URL(server.url), { idleMs });
  const first = await get(upstream);
  expect(await get(upstream)).toBe(first);
  await sleep(2 * idleMs);
  expect(await get(upstream)).not.toBe(first);
  upstream.close();
  await server.close();
});

test('an answer may take longer than a connection may be idle', async () => {
  const server = await startUpstream((_request, response) => {
    setTimeout(() => response.end('late'), 3 * idleMs);
  });
  const upstream = createUpstream(new URL(server.url), { idleMs });
  expect(await get(upstream)).toBeDefined();
  upstream.close();
  await server.close();
});
