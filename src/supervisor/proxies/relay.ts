/** Passing one exchange on, byte by byte as it comes; whatever ends one side early ends the other. */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';

export type Relay = {
  /** What is sent on: the request itself, or what stands for it. */
  body: Readable;
  outgoing: ClientRequest;
  response: ServerResponse;
  responseHeaders: (incoming: IncomingMessage) => OutgoingHttpHeaders;
  /** Reads along with the answer. */
  tap?: Transform;
  /** A request to send instead of passing this answer on, for a request without a body; null passes it on. */
  follow?: (incoming: IncomingMessage) => ClientRequest | null;
  /** Answers when the server could not be reached; once it began to answer, an answer can only be cut. */
  onUnreachable: (error: Error) => void;
};

export function relay(exchange: Relay): void {
  const { body, outgoing } = exchange;
  exchange.response.once('close', () => outgoing.destroy());
  answer(exchange, outgoing);
  body.on('error', () => outgoing.destroy());
  body.pipe(outgoing);
}

function answer(exchange: Relay, outgoing: ClientRequest): void {
  const { body, response, tap } = exchange;
  let answered = false;
  outgoing.on('error', (error) => {
    body.unpipe(outgoing);
    body.resume();
    // An answer that began is cut by its own stream; a server may also answer and hang up before it has read everything.
    if (answered || response.destroyed || response.headersSent) return;
    exchange.onUnreachable(error);
  });
  outgoing.once('response', (incoming) => {
    answered = true;
    const next = exchange.follow?.(incoming) ?? null;
    if (next !== null) {
      incoming.resume();
      response.once('close', () => next.destroy());
      answer({ ...exchange, follow: () => null }, next);
      next.end();
      return;
    }
    response.writeHead(incoming.statusCode ?? 502, exchange.responseHeaders(incoming));
    response.flushHeaders();
    // A cut answer must look cut: pipeline destroys `response` instead of ending it.
    if (tap === undefined) pipeline(incoming, response, ignore);
    else pipeline(incoming, tap, response, ignore);
  });
}

function ignore(): void {
  // Both streams are destroyed already; who asked sees the cut.
}
