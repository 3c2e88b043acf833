/** One request of git's HTTP protocol, answered by git itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { GitRequest } from './repository-path.ts';

type BackendCall = {
  request: IncomingMessage;
  response: ServerResponse;
  /** Holds the repositories. */
  directory: string;
  /** A fault: the connection is cut behind so many bytes of the body. */
  cutAfterBytes?: number | undefined;
};

/**
 * Answers one request by `git http-backend`, the CGI program that git ships. Bodies stream both ways; a compressed body goes on as it is
 * (git unpacks it), a chunked one has no length and ends with its stream. When the client goes away the backend is ended. Rejects when
 * the backend gave no proper answer or the connection ended before it.
 */
export async function runHttpBackend(git: GitRequest, call: BackendCall): Promise<void> {
  const { request, response } = call;
  const backend = spawn('git', ['http-backend'], {
    env: backendEnvironment(git, request, call.directory),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own: the backend has children, and they end with it.
    detached: true,
  });
  const complaint = collect(backend.stderr);
  const ended = once(backend, 'close');
  const onClose = () => {
    killGroup(backend);
  };
  response.once('close', onClose);
  // The backend may answer before it has read everything; its answer counts, not the broken pipe.
  const sent = pipeline(request, backend.stdin).catch(() => {});
  try {
    // The response stays open until the backend has ended: a push is done when its client hears so.
    await pipeline(answerBody(backend.stdout, call), response, { end: false });
    await Promise.all([sent, ended]);
    response.off('close', onClose);
    if (!response.headersSent) throw new Error(`git http-backend gave no answer: ${await complaint}`);
    response.end();
  } catch (error) {
    killGroup(backend);
    await ended;
    throw error;
  }
}

function killGroup(backend: ChildProcess): void {
  if (backend.pid === undefined || backend.exitCode !== null || backend.signalCode !== null) return;
  process.kill(-backend.pid, 'SIGKILL');
}

/** Built from nothing: no configuration of this machine or its user has a say. */
function backendEnvironment(git: GitRequest, request: IncomingMessage, directory: string): NodeJS.ProcessEnv {
  const { headers } = request;
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_0: 'http.receivepack',
    GIT_CONFIG_VALUE_0: 'true',
    GIT_CONFIG_KEY_1: 'safe.directory',
    GIT_CONFIG_VALUE_1: '*',
    // No housekeeping that outlives the push.
    GIT_CONFIG_KEY_2: 'receive.autogc',
    GIT_CONFIG_VALUE_2: 'false',
    GIT_PROJECT_ROOT: directory,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: git.pathInfo,
    QUERY_STRING: (request.url ?? '').split('?')[1] ?? '',
    REQUEST_METHOD: request.method ?? '',
    REMOTE_ADDR: '127.0.0.1',
    REMOTE_USER: 'git',
    CONTENT_TYPE: headers['content-type'] ?? '',
    ...(headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: headers['content-length'] }),
    ...(headers['content-encoding'] === undefined
      ? {}
      : { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
    ...(typeof headers['git-protocol'] === 'string' ? { GIT_PROTOCOL: headers['git-protocol'] } : {}),
  };
}

const headEnd = Buffer.from('\r\n\r\n');

/** Turns the CGI head into the HTTP one and yields the body. */
async function* answerBody(
  output: Readable,
  { response, cutAfterBytes }: BackendCall,
): AsyncGenerator<Buffer, void> {
  let head = Buffer.alloc(0);
  let left = cutAfterBytes ?? Number.POSITIVE_INFINITY;
  for await (const chunk of output) {
    let body = chunk as Buffer;
    if (!response.headersSent) {
      head = Buffer.concat([head, body]);
      const end = head.indexOf(headEnd);
      if (end === -1) continue;
      const { status, headers } = parseHead(head.subarray(0, end).toString());
      response.writeHead(status, headers);
      body = head.subarray(end + headEnd.length);
    }
    yield body.subarray(0, left);
    left -= body.length;
    if (left < 0) break;
  }
  if (cutAfterBytes !== undefined) throw new Error('the connection is cut by a fault');
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers };
}

async function collect(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text = `${text}${String(chunk)}`.slice(-4096);
  return text.trim();
}
