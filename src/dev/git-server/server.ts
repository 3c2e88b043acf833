/**
 * A git server for development and tests: git's smart HTTP on loopback, with a password. It owns authentication, the record of requests
 * and the faults; all of git is done by `git http-backend`. The bare repositories `<name>.git` below its directory are served as they are.
 */
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Faults } from './faults.ts';
import { runHttpBackend } from './http-backend.ts';
import { checkRepositoryName, parseGitRequest, type GitRequest } from './repository-path.ts';

export type GitServerOptions = {
  directory: string;
  /** The password of HTTP Basic; any user name goes with it. */
  token: string;
  /** 0 or absent: a free port. Always loopback. */
  port?: number;
};

type RecordedGitRequest = {
  repository: string;
  operation: GitRequest['operation'];
  advertisement: boolean;
  authenticated: boolean;
  /** Undefined while it is running, and when the connection ended before an answer. */
  status?: number;
};

export type GitServer = {
  url: string;
  /** Without credential. Throws RangeError for a name that is none. */
  cloneUrl(name: string): string;
  /** The newest 1,000, oldest first. */
  requests: readonly RecordedGitRequest[];
  faults: Faults;
  /** Ends every connection and every git process it started. */
  close(): Promise<void>;
};

/** Throws the listen error, for example when the port is taken. */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const requests: RecordedGitRequest[] = [];
  const faults = new Faults();
  const running = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const done = handle(request, response, { options, requests, faults }).finally(() => running.delete(done));
    running.add(done);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    cloneUrl: (name) => `${url}/${checkRepositoryName(name)}.git`,
    requests,
    faults,
    close: async () => {
      await closeServer(server);
      await Promise.allSettled(running);
    },
  };
}

type Shared = {
  options: GitServerOptions;
  requests: RecordedGitRequest[];
  faults: Faults;
};

async function handle(request: IncomingMessage, response: ServerResponse, shared: Shared): Promise<void> {
  const git = parseGitRequest(request.method ?? '', request.url ?? '/');
  if (git === undefined) {
    refuse(response, 404, 'Not found');
    return;
  }
  const authenticated = isAuthenticated(request.headers.authorization, shared.options.token);
  const recorded = record(shared.requests, git, authenticated);
  response.once('close', () => {
    if (response.headersSent) recorded.status = response.statusCode;
  });
  await shared.faults.delay();
  if (!authenticated) {
    response.setHeader('www-authenticate', 'Basic realm="git"');
    refuse(response, 401, 'A password is needed');
    return;
  }
  await serve(git, { request, response, shared });
}

async function serve(
  git: GitRequest,
  { request, response, shared }: { request: IncomingMessage; response: ServerResponse; shared: Shared },
): Promise<void> {
  const directory = resolve(shared.options.directory);
  const failure = shared.faults.takeFailure();
  if (failure !== undefined) {
    refuse(response, failure, 'A fault of the test');
    return;
  }
  if (!(await exists(join(directory, `${git.repository}.git`, 'HEAD')))) {
    refuse(response, 404, 'Repository not found');
    return;
  }
  const cutAfterBytes = shared.faults.takeCut();
  try {
    await runHttpBackend(git, { request, response, directory, cutAfterBytes });
  } catch (error) {
    if (response.headersSent || response.destroyed) response.destroy();
    else refuse(response, 500, error instanceof Error ? error.message : 'git failed');
  }
}

function record(
  requests: RecordedGitRequest[],
  { repository, operation, advertisement }: GitRequest,
  authenticated: boolean,
): RecordedGitRequest {
  const recorded: RecordedGitRequest = { repository, operation, advertisement, authenticated };
  requests.push(recorded);
  if (requests.length > 1000) requests.shift();
  return recorded;
}

function isAuthenticated(header: string | undefined, token: string): boolean {
  const encoded = /^Basic (\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return false;
  const credentials = Buffer.from(encoded, 'base64').toString();
  const given = Buffer.from(credentials.slice(credentials.indexOf(':') + 1));
  const expected = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' });
  response.end(`${sentence}\n`);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
