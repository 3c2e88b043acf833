/** A push waits while it is judged: nothing of it reaches the server before, and who goes away meanwhile is no trouble. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { flushPacket, packet } from '../../../src/git/pkt-line.ts';
import type { PushRefusal } from '../../../src/git/push-rule.ts';
import { type GitProxy, startGitProxy } from '../../../src/supervisor/proxies/git-proxy.ts';
import { newTicket } from '../../../src/supervisor/proxies/ticket.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const ticket = newTicket();
const ref = 'refs/heads/harvest/s1';
const command = `${'0'.repeat(40)} ${'a'.repeat(40)} ${ref}\0 report-status`;
const commands = Buffer.concat([packet(command), flushPacket]);

let upstream: Upstream;
let proxy: GitProxy;
let asked: PromiseWithResolvers<void>;
let verdict: PromiseWithResolvers<PushRefusal | null>;
/** How many pushes the rule was asked about. */
let judged: number;

beforeEach(async () => {
  asked = Promise.withResolvers();
  verdict = Promise.withResolvers();
  judged = 0;
  upstream = await startUpstream((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.once('end', () => response.end(`${bytes}`));
  });
  proxy = await startGitProxy({
    repositories: [{ name: 'project', url: `${upstream.url}/project.git` }],
    token: undefined,
    ticket,
    pushRule: {
      refusalOf: async () => {
        judged += 1;
        asked.resolve();
        return verdict.promise;
      },
      confirmed: () => undefined,
    },
    onPush: () => undefined,
    onRefused: () => undefined,
  });
});
afterEach(async () => {
  await proxy.close();
  await upstream.close();
});

function startPush(headers: http.OutgoingHttpHeaders = {}): http.ClientRequest {
  const path = `/${ticket}/0~/git-receive-pack`;
  return http.request(proxy.url, { method: 'POST', path, headers });
}

test('what is behind the commands follows when it is allowed, and all of it', async () => {
  const pack = Buffer.alloc(3_000_000, 'p');
  const request = startPush();
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  request.end(Buffer.concat([commands, pack]));
  await asked.promise;
  await sleep(50);
  expect(upstream.seen).toEqual([]);
  verdict.resolve(null);
  const [response] = await answered;
  expect(await text(response)).toBe(`${commands.length + pack.length}`);
  expect(upstream.seen).toHaveLength(1);
});

describe('a client that goes away meanwhile', () => {
  test.each<[string, http.OutgoingHttpHeaders, Buffer]>([
    ['in the middle of its pack', {}, commands],
    ['in the middle of a compressed one', { 'content-encoding': 'gzip' }, gzipSync(commands)],
  ])('%s pushes nothing', async (_name, headers, sent) => {
    const request = startPush({ ...headers, 'content-length': 1_000_000 });
    request.on('error', () => undefined);
    request.write(sent);
    await asked.promise;
    request.destroy();
    await sleep(100);
    verdict.resolve(null);
    await sleep(100);
    expect(upstream.seen).toEqual([]);
    expect((await fetch(`${proxy.url}/${ticket}/7~`)).status).toBe(404);
  });

  test('after all of it pushes nothing', async () => {
    const request = startPush();
    request.on('error', () => undefined);
    request.end(commands);
    await asked.promise;
    request.destroy();
    await sleep(100);
    verdict.resolve(null);
    await sleep(100);
    expect(upstream.seen).toEqual([]);
  });
});

test('a compressed push that is broken behind its commands is cut', async () => {
  const request = startPush({ 'content-encoding': 'gzip' });
  const failed = once(request, 'error');
  const whole = gzipSync(Buffer.concat([commands, randomBytes(100_000)]));
  request.end(Buffer.concat([whole.subarray(0, 30_000), Buffer.alloc(70_000, 0xff)]));
  await asked.promise;
  await sleep(100);
  verdict.resolve(null);
  await failed;
  expect(upstream.seen).toEqual([]);
});

test('a rule that fails cuts the request', async () => {
  const request = startPush();
  const failed = once(request, 'error');
  request.end(commands);
  await asked.promise;
  verdict.reject(new Error('no verdict'));
  await failed;
  expect(upstream.seen).toEqual([]);
});

describe('of two pushes at once', () => {
  const finish = async (request: http.ClientRequest): Promise<string> => {
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    request.end(commands);
    const [response] = await answered;
    return text(response);
  };

  test('the second is judged when the first one is', async () => {
    const both = [finish(startPush()), finish(startPush())];
    await asked.promise;
    await sleep(100);
    expect(judged).toBe(1);
    verdict.resolve(null);
    expect(await Promise.all(both)).toEqual([`${commands.length}`, `${commands.length}`]);
    expect(judged).toBe(2);
  });

  test('the second is not judged when nobody waits for it any more', async () => {
    const first = finish(startPush());
    await asked.promise;
    const second = startPush();
    second.on('error', () => undefined);
    second.end(commands);
    await sleep(100);
    second.destroy();
    await sleep(100);
    // What came after it was answered: the proxy has seen it go.
    expect((await fetch(`${proxy.url}/${ticket}/7~`)).status).toBe(404);
    verdict.resolve({ ref, reason: 'because' });
    expect(await first).toContain(`ng ${ref} because`);
    await sleep(100);
    expect([judged, upstream.seen]).toEqual([1, []]);
  });

  test('the second is judged although the first one could not be', async () => {
    const first = startPush();
    const failed = once(first, 'error');
    first.end(commands);
    await asked.promise;
    const second = finish(startPush());
    await sleep(100);
    const failing = verdict;
    verdict = Promise.withResolvers();
    verdict.resolve(null);
    failing.reject(new Error('no verdict'));
    await failed;
    expect(await second).toBe(`${commands.length}`);
    expect(judged).toBe(2);
  });
});
