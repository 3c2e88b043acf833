/**
 * The loopback proxy between the agent and the model's API. It keeps I8: the agent shows the session's ticket, and only
 * here, in the supervisor's memory, the real credential takes its place. Everything else passes through as it comes.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { credentialKindOf } from '../../agent/environment.ts';
import { endToEndHeaders } from './headers.ts';
import { startLoopbackServer } from './loopback-server.ts';
import { relay } from './relay.ts';
import { ticketMatches } from './ticket.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export type ModelProxyOptions = {
  /** Of the Messages API: `https://host`, or with a path that stands before `/v1/`. */
  upstreamUrl: string;
  /** An OAuth token (`sk-ant-oat…`) or an API key. Without it requests go on with no credential. */
  credential: string | undefined;
  /** What the agent sends as its own credential. */
  ticket: string;
};

export type ModelProxy = {
  /** The agent's `ANTHROPIC_BASE_URL`. */
  url: string;
  /** Cuts what is under way. */
  close(): Promise<void>;
};

export async function startModelProxy(options: ModelProxyOptions): Promise<ModelProxy> {
  const upstreamUrl = new URL(options.upstreamUrl);
  const upstream = createUpstream(upstreamUrl);
  const route: Route = {
    upstream,
    host: upstreamUrl.host,
    pathPrefix: upstreamUrl.pathname.replace(/\/+$/, ''),
    ticket: options.ticket,
    credential: options.credential,
  };
  const server = await startLoopbackServer((request, response) => handle(request, response, route));
  return {
    url: server.url,
    close: async () => {
      await server.close();
      upstream.close();
    },
  };
}

type Route = {
  upstream: Upstream;
  host: string;
  pathPrefix: string;
  ticket: string;
  credential: string | undefined;
};

function handle(request: IncomingMessage, response: ServerResponse, route: Route): void {
  const path = request.url ?? '/';
  if (!ticketMatches(route.ticket, shownTicket(request))) {
    const message = 'this request does not carry the ticket of the session';
    refuse(response, { status: 401, type: 'authentication_error', message });
    return;
  }
  if (!isApiPath(path)) {
    const message = `only the paths of the API below /v1/ are passed on, not ${path.slice(0, 200)}`;
    refuse(response, { status: 404, type: 'not_found_error', message });
    return;
  }
  relay({
    body: request,
    outgoing: route.upstream.open({
      method: request.method ?? 'GET',
      path: `${route.pathPrefix}${path}`,
      headers: requestHeaders(request, route.credential),
    }),
    response,
    responseHeaders: (incoming) => withoutValue(endToEndHeaders(incoming.headers), route.credential),
    onUnreachable: (error) => {
      const message = `the model's API at ${route.host} cannot be reached: ${codeOf(error)}`;
      refuse(response, { status: 502, type: 'api_error', message });
    },
  });
}

function shownTicket(request: IncomingMessage): string {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const key = request.headers['x-api-key'];
  return bearer ?? (typeof key === 'string' ? key : '');
}

/** No dot segments, escaped or not: what the server resolves them to would not be below /v1/. */
function isApiPath(path: string): boolean {
  return path.startsWith('/v1/') && !/(^|\/)(\.|%2e){1,2}(\/|%2f|\?|$)/i.test(path) && !path.includes('\\');
}

function requestHeaders(request: IncomingMessage, credential: string | undefined): OutgoingHttpHeaders {
  const headers = endToEndHeaders(request.headers, ['host', 'authorization', 'x-api-key', 'cookie']);
  // With the length unknown the body is sent on in chunks, as it came.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  if (credential === undefined) return headers;
  return credentialKindOf(credential) === 'oauth'
    ? { ...headers, authorization: `Bearer ${credential}` }
    : { ...headers, 'x-api-key': credential };
}

/** A server that echoes a credential must not show it to the agent. */
function withoutValue(headers: OutgoingHttpHeaders, secret: string | undefined): OutgoingHttpHeaders {
  if (secret === undefined) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => !String(value).includes(secret)));
}

/** In the shape of the API's own errors: the agent shows and retries them as those. */
function refuse(response: ServerResponse, error: { status: number; type: string; message: string }): void {
  const body = JSON.stringify({ type: 'error', error: { type: error.type, message: error.message } });
  response.writeHead(error.status, { 'content-type': 'application/json', connection: 'close' }).end(body);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
