/**
 * The scripted model: a Messages API server that the real CLI talks to. It owns the wire (HTTP, credential, strictness, faults) and keeps
 * no conversation: every answer follows from its request (conversation.ts), except counted failures (failure-counts.ts).
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CutConnection, playAnswer } from './answer.ts';
import { ApiError, invalidRequest } from './api-error.ts';
import { readConversation } from './conversation.ts';
import { checkCredential } from './credential.ts';
import { FailureCounts } from './failure-counts.ts';
import { Faults } from './faults.ts';
import { checkMessageOrder } from './message-order.ts';
import { planAnswer } from './plan.ts';
import {
  hasTools,
  inputTokens,
  parseCountTokensRequest,
  parseMessagesRequest,
  type MessagesRequest,
} from './request.ts';
import { RequestRecord, type RecordedRequest } from './request-record.ts';
import { planSideAnswer } from './side-plan.ts';
import type { Script } from './steps.ts';
import { collectMessage, sendStream } from './wire.ts';

export type ScriptedModelOptions = {
  /** 0 or absent: a free port. Always loopback. */
  port?: number;
  /** API key or OAuth token that requests must carry. */
  credential: string;
  /** Tried in their order when a prompt has no directives (directives.ts). */
  scripts?: readonly Script[];
  /** One line per request, without credentials. */
  log?: (line: string) => void;
};

export type ScriptedModel = {
  /** For `ANTHROPIC_BASE_URL`. */
  url: string;
  /** The newest requests, oldest first; grows as they come. */
  requests: readonly RecordedRequest[];
  faults: Faults;
  /** Ends every connection and waits for them. */
  close(): Promise<void>;
};

/** Throws the listen error, for example when the port is taken. */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const record = new RequestRecord();
  const failures = new FailureCounts();
  const faults = new Faults();
  const server = createServer((request, response) => {
    void handle(request, response, { options, record, failures, faults });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: record.requests,
    faults,
    close: async () => closeServer(server),
  };
}

type Model = {
  options: ScriptedModelOptions;
  record: RequestRecord;
  failures: FailureCounts;
  faults: Faults;
};

type Exchange = {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  signal: AbortSignal;
};

async function handle(request: IncomingMessage, response: ServerResponse, model: Model): Promise<void> {
  const requestId = `req_${randomUUID().replaceAll('-', '')}`;
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort(new Error('the client has gone'));
  });
  let recorded: RecordedRequest | undefined;
  try {
    recorded = await receive(request, model.record);
    await answer(recorded.body, { request, response, requestId, signal: gone.signal }, model);
  } catch (error) {
    if (error instanceof ApiError) sendError(response, error, requestId);
    else if (error instanceof CutConnection) response.destroy();
    else if (!gone.signal.aborted) sendError(response, unexpected(error), requestId);
  }
  if (recorded !== undefined && response.headersSent) recorded.status = response.statusCode;
  model.options.log?.(
    `${request.method} ${request.url} ${response.headersSent ? response.statusCode : 'no answer'}`,
  );
}

async function receive(request: IncomingMessage, record: RequestRecord): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const recorded: RecordedRequest = {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: parseJson(bytes.toString()),
  };
  record.add(recorded, bytes.length);
  return recorded;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function answer(body: unknown, exchange: Exchange, model: Model): Promise<void> {
  const { request, response } = exchange;
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const isMessages = pathname === '/v1/messages';
  if (request.method !== 'POST' || !(isMessages || pathname === '/v1/messages/count_tokens')) {
    throw new ApiError({ status: 404, type: 'not_found_error', message: 'Not found' });
  }
  checkCredential(request.headers, model.options.credential);
  if (request.headers['anthropic-version'] === undefined) {
    throw invalidRequest('anthropic-version: header is required');
  }
  if (isMessages) {
    await answerMessages(parseMessagesRequest(body), exchange, model);
  } else {
    sendJson(response, 200, { input_tokens: inputTokens(parseCountTokensRequest(body)) });
  }
}

async function answerMessages(body: MessagesRequest, exchange: Exchange, model: Model): Promise<void> {
  checkMessageOrder(body);
  const failure = model.faults.takeFailure();
  if (failure !== undefined) throw failure;
  const { request, response, requestId, signal } = exchange;
  const conversation = readConversation(body);
  const plan =
    planSideAnswer(conversation, hasTools(body)) ?? planAnswer(conversation, model.options.scripts ?? []);
  const session = String(request.headers['x-claude-code-session-id'] ?? '');
  const answer = playAnswer(plan, {
    model: body.model,
    inputTokens: inputTokens(body),
    conversation,
    isDue: (step, times) => model.failures.take({ session, promptText: plan.promptText, step }, times),
    signal,
  });
  const events = model.faults.cut(answer);
  if (body.stream === true) await sendStream(events, { response, requestId, signal });
  else sendJson(response, 200, await collectMessage(events));
}

function sendError(response: ServerResponse, error: ApiError, requestId: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error.retryAfterSeconds !== undefined)
    response.setHeader('retry-after', String(error.retryAfterSeconds));
  response.setHeader('request-id', requestId);
  sendJson(response, error.status, error.body(requestId));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** A fault of a script shows as a 400, which the CLI does not retry, with the script's own words. */
function unexpected(error: unknown): ApiError {
  return invalidRequest(`scripted model: ${error instanceof Error ? error.message : String(error)}`);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
