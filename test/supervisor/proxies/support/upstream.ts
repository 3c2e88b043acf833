/** A server behind a proxy, answering as told. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export type Upstream = {
  url: string;
  /** Every request that reached it. */
  seen: http.IncomingMessage[];
  /** Cuts what is under way. */
  close(): Promise<void>;
};

export async function startUpstream(listener: http.RequestListener): Promise<Upstream> {
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close };
}
