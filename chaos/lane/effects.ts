/** Side effects are counted outside the sandbox: the agent's tools POST to an address of their own for each effect. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type EffectCounter = {
  /** A shell command that causes the effect once. */
  command(run: string, effect: string): string;
  count(run: string, effect: string): number;
  /** Resolves when it was caused at least once. */
  until(run: string, effect: string): Promise<void>;
  close(): Promise<void>;
};

export async function startEffectCounter(): Promise<EffectCounter> {
  const prefix = `/${randomBytes(4).toString('hex')}/`;
  const counts = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  const server = createServer((request, response) => {
    const { method, url = '' } = request;
    if (method === 'POST' && url.startsWith(prefix)) {
      const key = url.slice(prefix.length);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      waiting.get(key)?.();
    }
    response.end('counted\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
  const count = (run: string, effect: string): number => counts.get(`${run}/${effect}`) ?? 0;
  return {
    command: (run, effect) => `curl -fsS -X POST ${url}${run}/${effect}`,
    count,
    until: async (run, effect) => {
      if (count(run, effect) === 0) {
        await new Promise<void>((resolve) => waiting.set(`${run}/${effect}`, resolve));
      }
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
