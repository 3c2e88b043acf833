import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type ModelProxy, startModelProxy } from '../../../src/supervisor/proxies/model-proxy.ts';
import { newTicket } from '../../../src/supervisor/proxies/ticket.ts';

const apiKey = 'sk-ant-api03-canary';
const oauthToken = 'sk-ant-oat01-canary';
const ticket = newTicket();
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Upstream = { url: string; seen: http.IncomingMessage[] };

async function startUpstream(listener: http.RequestListener): Promise<Upstream> {
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function startProxy(upstreamUrl: string, credential: string | undefined = apiKey): Promise<ModelProxy> {
  const proxy = await startModelProxy({ upstreamUrl, credential, ticket });
  closers.push(() => proxy.close());
  return proxy;
}

const answerOk: http.RequestListener = (request, response) => {
  request.resume().once('end', () => response.end('{}'));
};

describe('credentials', () => {
  test('an API key takes the place of the ticket, whichever header carried it', async () => {
    const upstream = await startUpstream(answerOk);
    const proxy = await startProxy(upstream.url);
    await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    await fetch(`${proxy.url}/v1/messages`, { headers: { authorization: `Bearer ${ticket}` } });
    expect(upstream.seen.map(({ headers }) => [headers['x-api-key'], headers.authorization])).toEqual([
      [apiKey, undefined],
      [apiKey, undefined],
    ]);
  });

  test('an OAuth token goes as a bearer token, and other headers as they came', async () => {
    const upstream = await startUpstream(answerOk);
    const proxy = await startProxy(upstream.url, oauthToken);
    const headers = {
      authorization: `Bearer ${ticket}`,
      'anthropic-beta': 'oauth-2025-04-20',
      cookie: 'a=b',
    };
    await fetch(`${proxy.url}/v1/messages?beta=true`, { method: 'POST', body: 'x', headers });
    const [request] = upstream.seen;
    expect(request?.url).toBe('/v1/messages?beta=true');
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${oauthToken}`,
      'anthropic-beta': 'oauth-2025-04-20',
      host: new URL(upstream.url).host,
    });
    expect(JSON.stringify(request?.rawHeaders)).not.toContain(ticket);
    expect(request?.headers.cookie).toBeUndefined();
  });

  test('without a credential the request goes on without one', async () => {
    const upstream = await startUpstream(answerOk);
    const proxy = await startModelProxy({ upstreamUrl: upstream.url, credential: undefined, ticket });
    closers.push(() => proxy.close());
    await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    expect(upstream.seen[0]?.headers['x-api-key']).toBeUndefined();
  });

  test.each([
    ['no ticket', {}],
    ['a wrong ticket', { 'x-api-key': `${ticket}x` }],
    ['the credential itself', { 'x-api-key': apiKey }],
    ['the ticket under another scheme', { authorization: `Basic ${ticket}` }],
  ])('%s is refused and reaches nobody', async (_name, headers: Record<string, string>) => {
    const upstream = await startUpstream(answerOk);
    const proxy = await startProxy(upstream.url);
    const response = await fetch(`${proxy.url}/v1/messages`, { method: 'POST', body: '{}', headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    expect(upstream.seen).toEqual([]);
  });

  test.each([301, 307, 308])('a redirect (%d) is passed on, and the credential stays', async (status) => {
    const elsewhere = await startUpstream(answerOk);
    const upstream = await startUpstream((request, response) => {
      request.resume();
      response.writeHead(status, { location: `${elsewhere.url}/v1/messages` }).end();
    });
    const proxy = await startProxy(upstream.url);
    const response = await fetch(`${proxy.url}/v1/messages`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-api-key': ticket },
      redirect: 'manual',
    });
    expect(response.status).toBe(status);
    expect([upstream.seen.length, elsewhere.seen.length]).toEqual([1, 0]);
    expect(JSON.stringify([...response.headers])).not.toContain(apiKey);
  });

  test('nothing in a request of the agent sends the credential to another server', async () => {
    const elsewhere = await startUpstream(answerOk);
    const upstream = await startUpstream(answerOk);
    const proxy = await startProxy(upstream.url);
    const { host } = new URL(elsewhere.url);
    const { port } = new URL(proxy.url);
    const headers = { 'x-api-key': ticket, host, 'x-forwarded-host': host, forwarded: `host=${host}` };
    const request = http.request({ port, path: '/v1/messages', headers }).end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    expect(elsewhere.seen).toEqual([]);
    expect(upstream.seen[0]?.headers).toMatchObject({
      host: new URL(upstream.url).host,
      'x-api-key': apiKey,
    });
  });

  test('a server that echoes the credential in a header does not show it to the agent', async () => {
    const upstream = await startUpstream((request, response) => {
      response
        .setHeader('x-echo', `key=${String(request.headers['x-api-key'])}`)
        .setHeader('request-id', 'r1');
      response.end();
    });
    const proxy = await startProxy(upstream.url);
    const response = await fetch(`${proxy.url}/v1/models`, { headers: { 'x-api-key': ticket } });
    expect(JSON.stringify([...response.headers])).not.toContain(apiKey);
    expect(response.headers.get('request-id')).toBe('r1');
  });
});

describe('paths', () => {
  test.each([
    '/',
    '/api/oauth/profile',
    '/v1',
    '/v1/../admin',
    '/v1/%2e%2e/admin',
    '/v1/a/..%2fb',
    '/v1/..\\admin',
    '//v1/messages',
    'http://example.org/v1/x',
  ])('%s is not passed on', async (path) => {
    const upstream = await startUpstream(answerOk);
    const proxy = await startProxy(upstream.url);
    const { port } = new URL(proxy.url);
    const request = http.request({ port, path, headers: { 'x-api-key': ticket } }).end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(404);
    expect(upstream.seen).toEqual([]);
  });

  test('an API behind a path of its own is reached below it', async () => {
    const upstream = await startUpstream(answerOk);
    const proxy = await startProxy(`${upstream.url}/anthropic/`);
    await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    expect(upstream.seen[0]?.url).toBe('/anthropic/v1/messages');
  });
});

describe('streams', () => {
  test('every piece of the answer arrives before the next one is sent', async () => {
    let next: () => void = () => undefined;
    const upstream = await startUpstream((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      let piece = 0;
      next = () => {
        piece += 1;
        if (piece > 3) response.end();
        else response.write(`data: ${piece}\n\n`);
      };
    });
    const proxy = await startProxy(upstream.url);
    const response = await fetch(`${proxy.url}/v1/messages`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-api-key': ticket },
    });
    const pieces: string[] = [];
    const decoder = new TextDecoder();
    next();
    for await (const chunk of response.body ?? []) {
      pieces.push(decoder.decode(chunk));
      next();
    }
    expect(pieces).toEqual(['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']);
  });

  test('every piece of the request arrives before the next one is sent', async () => {
    const arrived: string[] = [];
    let onPiece: () => void = () => undefined;
    const upstream = await startUpstream((request, response) => {
      request.on('data', (chunk: Buffer) => {
        arrived.push(chunk.toString());
        onPiece();
      });
      request.once('end', () => response.end());
    });
    const proxy = await startProxy(upstream.url);
    const { port } = new URL(proxy.url);
    const request = http.request({
      port,
      path: '/v1/messages',
      method: 'POST',
      headers: { 'x-api-key': ticket },
    });
    for (const piece of ['one', 'two']) {
      const got = new Promise<void>((resolve) => void (onPiece = resolve));
      request.write(piece);
      await got;
    }
    request.end();
    await once(request, 'response');
    expect(arrived).toEqual(['one', 'two']);
  });

  test('a client that goes away ends the request to the API', async () => {
    const gone = Promise.withResolvers<void>();
    const upstream = await startUpstream((request, response) => {
      request.resume();
      response.once('close', () => gone.resolve());
      response.writeHead(200).write('begin');
    });
    const proxy = await startProxy(upstream.url);
    const abort = new AbortController();
    const response = await fetch(`${proxy.url}/v1/messages`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-api-key': ticket },
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    abort.abort();
    await gone.promise;
  });

  test('an answer that is cut looks cut', async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200).write('begin', () => response.destroy());
    });
    const proxy = await startProxy(upstream.url);
    const response = await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    await expect(response.text()).rejects.toThrow();
  });

  test('an API that cannot be reached is said in the shape of its own errors, and the proxy lives on', async () => {
    const proxy = await startProxy('http://127.0.0.1:9');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const body = 'x'.repeat(1_000_000);
      const response = await fetch(`${proxy.url}/v1/messages`, {
        method: 'POST',
        body,
        headers: { 'x-api-key': ticket },
      });
      expect(response.status).toBe(502);
      const message = "the model's API at 127.0.0.1:9 cannot be reached: ECONNREFUSED";
      expect(await response.json()).toEqual({ type: 'error', error: { type: 'api_error', message } });
    }
  });

  test('an early refusal of a large request reaches the client', async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(413, { connection: 'close' }).end('too large');
    });
    const proxy = await startProxy(upstream.url);
    const { port } = new URL(proxy.url);
    const request = http.request({
      port,
      path: '/v1/messages',
      method: 'POST',
      headers: { 'x-api-key': ticket },
    });
    request.on('error', () => undefined);
    request.write('begin');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(response.statusCode).toBe(413);
    request.destroy();
  });

  test('closing cuts what is under way', async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200).write('begin');
    });
    const proxy = await startModelProxy({ upstreamUrl: upstream.url, credential: apiKey, ticket });
    const response = await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    const text = response.text();
    await Promise.all([expect(text).rejects.toThrow(), proxy.close()]);
  });
});
