/** Which credential reaches the model's API, and what reaches nobody (I8). */
import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, test } from 'vitest';
import { apiKey, modelStandOfTest, ticket } from './support/model-stand.ts';

const oauthToken = 'sk-ant-oat01-canary';
const stand = modelStandOfTest();

const answerOk: http.RequestListener = (request, response) => {
  request.resume().once('end', () => response.end('{}'));
};

describe('credentials', () => {
  test('an API key takes the place of the ticket, whichever header carried it', async () => {
    const upstream = await stand.api(answerOk);
    const proxy = await stand.proxy(upstream.url);
    await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    await fetch(`${proxy.url}/v1/messages`, { headers: { authorization: `Bearer ${ticket}` } });
    expect(upstream.seen.map(({ headers }) => [headers['x-api-key'], headers.authorization])).toEqual([
      [apiKey, undefined],
      [apiKey, undefined],
    ]);
  });

  test('an OAuth token goes as a bearer token, and other headers as they came', async () => {
    const upstream = await stand.api(answerOk);
    const proxy = await stand.proxy(upstream.url, oauthToken);
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
    const upstream = await stand.api(answerOk);
    const proxy = await stand.proxy(upstream.url, null);
    await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    expect(upstream.seen[0]?.headers['x-api-key']).toBeUndefined();
  });

  test.each([
    ['no ticket', {}],
    ['a wrong ticket', { 'x-api-key': `${ticket}x` }],
    ['the credential itself', { 'x-api-key': apiKey }],
    ['the ticket under another scheme', { authorization: `Basic ${ticket}` }],
  ])('%s is refused and reaches nobody', async (_name, headers: Record<string, string>) => {
    const upstream = await stand.api(answerOk);
    const proxy = await stand.proxy(upstream.url);
    const response = await fetch(`${proxy.url}/v1/messages`, { method: 'POST', body: '{}', headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    expect(upstream.seen).toEqual([]);
  });

  test.each([301, 307, 308])('a redirect (%d) is passed on, and the credential stays', async (status) => {
    const elsewhere = await stand.api(answerOk);
    const upstream = await stand.api((request, response) => {
      request.resume();
      response.writeHead(status, { location: `${elsewhere.url}/v1/messages` }).end();
    });
    const proxy = await stand.proxy(upstream.url);
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
    const elsewhere = await stand.api(answerOk);
    const upstream = await stand.api(answerOk);
    const proxy = await stand.proxy(upstream.url);
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
    const upstream = await stand.api((request, response) => {
      response
        .setHeader('x-echo', `key=${String(request.headers['x-api-key'])}`)
        .setHeader('request-id', 'r1');
      response.end();
    });
    const proxy = await stand.proxy(upstream.url);
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
    const upstream = await stand.api(answerOk);
    const proxy = await stand.proxy(upstream.url);
    const { port } = new URL(proxy.url);
    const request = http.request({ port, path, headers: { 'x-api-key': ticket } }).end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(404);
    expect(upstream.seen).toEqual([]);
  });

  test('an API behind a path of its own is reached below it', async () => {
    const upstream = await stand.api(answerOk);
    const proxy = await stand.proxy(`${upstream.url}/anthropic/`);
    await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': ticket } });
    expect(upstream.seen[0]?.url).toBe('/anthropic/v1/messages');
  });
});
