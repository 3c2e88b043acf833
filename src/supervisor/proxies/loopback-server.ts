/** An HTTP server that only this machine can reach, on a port that was free. */
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '../node-http.ts';

export type LoopbackServer = { url: string; close(): Promise<void> };

/** Long streams in both directions are normal here: no time limit on a request. */
export async function startLoopbackServer(listener: RequestListener): Promise<LoopbackServer> {
  const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 10 * 60_000 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
