/** HTTP on a unix socket that only root can open. A client that goes away ends its own stream and nothing else. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import type { Server, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { SupervisorError } from '../../contracts/supervisor.ts';
import { RequestRefused } from '../errors.ts';
import { http } from '../node-http.ts';
import type { Supervisor } from '../supervisor.ts';
import { Followers } from './followers.ts';
import { route } from './routes.ts';

const statusOf: Record<SupervisorError['error'], number> = {
  'bad-request': 400,
  'not-started': 409,
  'other-generation': 409,
  'turn-running': 409,
  conflict: 409,
  unknown: 404,
  internal: 500,
};

export async function listen(supervisor: Supervisor): Promise<Server> {
  const { socketPath } = supervisor.settings;
  const folder = dirname(socketPath);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(folder).mode & 0o077) !== 0) throw new Error(`${folder} is open to others than root`);
  rmSync(socketPath, { force: true });
  const followers = new Followers();
  const server = http.createServer((request, response) => {
    void answer({ supervisor, followers, request, response });
  });
  // A turn may be silent for longer than any limit of a server.
  server.requestTimeout = 0;
  server.timeout = 0;
  server.listen(socketPath);
  await once(server, 'listening');
  chmodSync(socketPath, 0o600);
  return server;
}

async function answer(exchange: Parameters<typeof route>[0]): Promise<void> {
  const { response } = exchange;
  try {
    await route(exchange);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else refuse(response, errorOf(error));
  }
}

function refuse(response: ServerResponse, error: SupervisorError): void {
  // What is left of the request's body is not read.
  response.writeHead(statusOf[error.error], { 'content-type': 'application/json', connection: 'close' });
  response.end(`${JSON.stringify(error)}\n`);
}

function errorOf(error: unknown): SupervisorError {
  if (error instanceof RequestRefused) return { error: error.error, message: error.message };
  if (error instanceof z.ZodError) return { error: 'bad-request', message: z.prettifyError(error) };
  return { error: 'internal', message: error instanceof Error ? error.message : String(error) };
}
