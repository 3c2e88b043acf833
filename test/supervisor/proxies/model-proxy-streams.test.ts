/** Requests and answers of the model's API pass through piece by piece, and end on one side as on the other. */
import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, test } from 'vitest';
import { type ModelProxy, startModelProxy } from '../../../src/supervisor/proxies/model-proxy.ts';
import { apiKey, modelStandOfTest, ticket } from './support/model-stand.ts';

const stand = modelStandOfTest();

/** A request whose body is still to be written. */
function openPost(proxy: ModelProxy): http.ClientRequest {
  const { port } = new URL(proxy.url);
  const headers = { 'x-api-key': ticket };
  return http.request({ port, path: '/v1/messages', method: 'POST', headers });
}

describe('streams', () => {
  test('every piece of the answer arrives before the next one is sent', async () => {
    let next: () => void = () => undefined;
    const upstream = await stand.api((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      let piece = 0;
      next = () => {
        piece += 1;
        if (piece > 3) response.end();
        else response.write(`data: ${piece}\n\n`);
      };
    });
    const proxy = await stand.proxy(upstream.url);
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
    const upstream = await stand.api((request, response) => {
      request.on('data', (chunk: Buffer) => {
        arrived.push(chunk.toString());
        onPiece();
      });
      request.once('end', () => response.end());
    });
    const proxy = await stand.proxy(upstream.url);
    const request = openPost(proxy);
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
    const upstream = await stand.api((request, response) => {
      request.resume();
      response.once('close', () => gone.resolve());
      response.writeHead(200).write('begin');
    });
    const proxy = await stand.proxy(upstream.url);
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
    const upstream = await stand.api((_request, response) => {
      response.writeHead(200).write('begin', () => response.destroy());
    });
    const proxy = await stand.proxy(upstream.url);
    const response = await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    await expect(response.text()).rejects.toThrow();
  });

  test('an API that cannot be reached is said in the shape of its own errors, and the proxy lives on', async () => {
    const proxy = await stand.proxy('http://127.0.0.1:9');
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
    const upstream = await stand.api((_request, response) => {
      response.writeHead(413, { connection: 'close' }).end('too large');
    });
    const proxy = await stand.proxy(upstream.url);
    const request = openPost(proxy);
    request.on('error', () => undefined);
    request.write('begin');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(response.statusCode).toBe(413);
    request.destroy();
  });

  test('closing cuts what is under way', async () => {
    const upstream = await stand.api((_request, response) => {
      response.writeHead(200).write('begin');
    });
    const proxy = await startModelProxy({ upstreamUrl: upstream.url, credential: apiKey, ticket });
    const response = await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    const text = response.text();
    await Promise.all([expect(text).rejects.toThrow(), proxy.close()]);
  });
});
