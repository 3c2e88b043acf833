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

/** `origin` is the scheme, host and port of the server. */
export function createUpstream(origin: URL): Upstream {
  const secure = origin.protocol === 'https:';
  const agent = secure
    ? new https.Agent({ keepAlive: true, secureContext: trustContext() })
    : new http.Agent({ keepAlive: true });
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
