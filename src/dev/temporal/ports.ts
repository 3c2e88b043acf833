/** Ports for servers that cannot be told "any". */
import { createServer } from 'node:net';
import { PortTaken } from './errors.ts';

/** Below the ports that systems give to outgoing connections, so that none takes it while the server restarts. */
const range = { first: 17_000, last: 31_999 } as const;
const tries = 200;

export async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** As many different free ports as asked. Another program may still take one before it is used: callers retry. */
export async function freePorts(count: number, host: string): Promise<number[]> {
  const ports = new Set<number>();
  for (let index = 0; index < tries && ports.size < count; index += 1) {
    const port = range.first + Math.floor(Math.random() * (range.last - range.first + 1));
    if (await isFree(port, host)) ports.add(port);
  }
  if (ports.size < count) throw new Error(`no free port on ${host} between ${range.first} and ${range.last}`);
  return [...ports];
}

/** Throws `PortTaken`. */
export async function requireFree(port: number, host: string): Promise<void> {
  if (!(await isFree(port, host))) throw new PortTaken(port);
}
