/** The requests of the contract (src/contracts/supervisor.ts), one function each. */
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { promptIdSchema } from '../../contracts/ids.ts';
import {
  startRequestSchema,
  supervisorExecRequestSchema,
  supervisorFilesRequestSchema,
  supervisorInterruptSchema,
  supervisorSteerSchema,
  turnRequestSchema,
} from '../../contracts/supervisor.ts';
import { RequestRefused } from '../errors.ts';
import { follow, replay } from '../journal/follow.ts';
import { bundlePathOf } from '../repositories/carried-bundles.ts';
import { exists, incomingBundle, incomingTranscript, receive } from '../start/incoming.ts';
import { refuseUnknownOffset, type Followed, type Supervisor } from '../supervisor.ts';
import { bodyLimits, limited, readJson } from './body.ts';
import type { Followers } from './followers.ts';

type Exchange = {
  supervisor: Supervisor;
  followers: Followers;
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
};

type Handler = (exchange: Exchange) => Promise<void>;

const repositorySchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/);
const agentSessionIdSchema = z.string().regex(/^[A-Za-z0-9-]{1,100}$/);
/** Below a folder, and written in one way only. */
const pathInsideSchema = z
  .string()
  .max(1_000)
  .refine(
    (path) => !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part)),
    {
      error: 'a path below the repository',
    },
  );
const offsetSchema = z.coerce.number().int().nonnegative();

const handlers: Record<string, Handler> = {
  'GET /status': async ({ supervisor, response }) => sendJson(response, supervisor.status()),
  'POST /start': async (exchange) => {
    const request = await readJson(exchange.request, startRequestSchema);
    const started = await exchange.supervisor.start(request);
    // Not before: loading the Agent SDK and spawning hold this process up, and the answer with it.
    const stream = { what: 'start', from: request.from };
    await sendStream(exchange, started, stream).finally(() => {
      if (request.agent) exchange.supervisor.warm();
    });
  },
  'POST /turns': async (exchange) => {
    const request = await readJson(exchange.request, turnRequestSchema);
    const followed = await exchange.supervisor.turn(request);
    await sendStream(exchange, followed, { what: `turn ${request.turnId}`, from: request.from });
  },
  'POST /exec': async (exchange) => {
    const request = await readJson(exchange.request, supervisorExecRequestSchema);
    const followed = exchange.supervisor.exec(request);
    await sendStream(exchange, followed, { what: `exec ${request.execId}`, from: request.from });
  },
  'POST /interrupt': async ({ supervisor, request, response }) => {
    const { turnId, reason } = await readJson(request, supervisorInterruptSchema);
    sendJson(response, { interrupted: supervisor.interrupt(turnId, reason) });
  },
  'POST /steer': async ({ supervisor, request, response }) => {
    sendJson(response, { steered: supervisor.steer(await readJson(request, supervisorSteerSchema)) });
  },
  'POST /files': async ({ supervisor, request, response }) => {
    const wanted = await readJson(request, supervisorFilesRequestSchema);
    for (const { path } of wanted.files) pathInsideSchema.parse(path);
    sendJson(response, await supervisor.files(wanted));
  },
  'POST /quiesce': async ({ supervisor, response }) =>
    sendJson(response, { journalBytes: await supervisor.quiesce() }),
  'GET /journal': async ({ supervisor, response, query }) => {
    const from = offsetSchema.parse(query.get('from') ?? 0);
    const { generation } = supervisor;
    refuseUnknownOffset(generation, from);
    await send(response, Readable.from(replay(generation.journal, from)));
  },
  'GET /carry': async ({ supervisor, response, query }) => {
    const turnId = promptIdSchema.parse(query.get('turnId'));
    const repository = repositorySchema.parse(query.get('repository'));
    const path = bundlePathOf(supervisor.generation.folder, { turnId, repository });
    if (!(await exists(path))) {
      throw new RequestRefused('unknown', `there is no bundle of ${repository} for turn ${turnId}`);
    }
    await send(response, createReadStream(path), 'application/octet-stream');
  },
  'PUT /carry': async ({ supervisor, request, response, query }) => {
    const path = incomingBundle(supervisor.settings, repositorySchema.parse(query.get('repository')));
    await receive(path, Readable.from(limited(request, bodyLimits.bundle)));
    response.writeHead(204).end();
  },
  'PUT /transcript': async ({ supervisor, request, response, query }) => {
    const agentSessionId = agentSessionIdSchema.parse(query.get('agentSessionId'));
    const path = incomingTranscript(supervisor.settings, agentSessionId);
    await receive(path, Readable.from(limited(request, bodyLimits.transcript)));
    response.writeHead(204).end();
  },
};

/** Throws `RequestRefused` or a `ZodError` before it answers. */
export async function route(exchange: Omit<Exchange, 'query'>): Promise<void> {
  const { request } = exchange;
  const url = new URL(request.url ?? '/', 'http://supervisor');
  const handler = handlers[`${request.method} ${url.pathname}`];
  if (handler === undefined) {
    throw new RequestRefused('unknown', `there is no ${request.method} ${url.pathname}`);
  }
  await handler({ ...exchange, query: url.searchParams });
}

async function sendStream(
  { response, followers }: Exchange,
  { generation, ending }: Followed,
  { what, from }: { what: string; from: number },
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const leave = followers.admit(what, () => response.destroy());
  const lines = follow({ journal: generation.journal, from, ending, signal: gone.signal });
  await send(response, Readable.from(lines)).finally(leave);
}

/** Waits for a slow reader: what it has not taken stays in the journal's file. */
async function send(
  response: ServerResponse,
  body: Readable,
  contentType = 'application/x-ndjson',
): Promise<void> {
  response.writeHead(200, { 'content-type': contentType });
  response.flushHeaders();
  await pipeline(body, response);
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
