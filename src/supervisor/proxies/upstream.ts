/** Requests to the server behind a proxy: warm connections, the machine's own certificate authorities too. */
import type { ClientRequest, OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { http } from '../node-http.ts';

type UpstreamRequest = {
  method: string;
  /** With query, as it is sent. */
  path: string;
  headers: OutgoingHttpHeaders;
};

export type Upstream = {
  open(request: UpstreamRequest): ClientRequest;
  close(): void;
};

/**
 * `origin` is the scheme, host and port of the server. `idleMs`: a connection that was idle for longer is not used again. A
 * server that ends idle ones may do so just when a request is on its way, and one that must not be sent twice is lost then.
 */
export function createUpstream(origin: URL, { idleMs }: { idleMs?: number } = {}): Upstream {
  const secure = origin.protocol === 'https:';
  // The agent's time limit is that of idle connections: a slow answer is waited for.
  const pool = { keepAlive: true, ...(idleMs === undefined ? {} : { timeout: idleMs }) };
  const agent = secure ? new https.Agent({ ...pool, secureContext: trustContext() }) : new http.Agent(pool);
  const open = secure ? https.request : http.request;
  return {
    open: ({ method, path, headers }) =>
      open(origin, { agent, method, path, headers: { ...headers, host: origin.host } }),
    close: () => agent.destroy(),
  };
}

let context: tls.SecureContext | undefined;

/** Node's own list, `NODE_EXTRA_CA_CERTS` and what the machine trusts; made once, it takes tens of milliseconds. */
function trustContext(): tls.SecureContext {
  context ??= tls.createSecureContext({
    ca: [...tls.getCACertificates('default'), ...tls.getCACertificates('system')],
  });
  return context;
}
