/**
 * What a service implements for one RPC. A request is decoded without defaults, so a field is present exactly when the caller set it;
 * the strict schema of each RPC lists what Local Modal honours, and everything else that is set is refused.
 */
import type { Metadata } from '@grpc/grpc-js';
import type * as z from 'zod';
import { invalid, unsupported } from './rpc-error.ts';

export type CallContext = {
  readonly rpc: string;
  readonly metadata: Metadata;
  /** Aborted when the caller cancels, its deadline passes, or the connection is cut. */
  readonly signal: AbortSignal;
};

export type Handler =
  | { kind: 'unary'; answer: (message: unknown, context: CallContext) => Promise<object> }
  | { kind: 'serverStream'; answer: (message: unknown, context: CallContext) => AsyncIterable<object> }
  | {
      kind: 'clientStream';
      answer: (messages: AsyncIterable<unknown>, context: CallContext) => Promise<object>;
    };

export type Handlers = Readonly<Record<string, Handler>>;

export function unary<S extends z.ZodType>(
  schema: S,
  answer: (request: z.output<S>, context: CallContext) => object | Promise<object>,
): Handler {
  return {
    kind: 'unary',
    answer: async (message, context) => answer(parseRequest(schema, message, context.rpc), context),
  };
}

export function serverStream<S extends z.ZodType>(
  schema: S,
  answer: (request: z.output<S>, context: CallContext) => AsyncIterable<object>,
): Handler {
  return {
    kind: 'serverStream',
    answer: (message, context) => answer(parseRequest(schema, message, context.rpc), context),
  };
}

export function clientStream<S extends z.ZodType>(
  schema: S,
  answer: (requests: AsyncIterable<z.output<S>>, context: CallContext) => Promise<object>,
): Handler {
  return {
    kind: 'clientStream',
    answer: async (messages, context) => answer(parseEach(schema, messages, context.rpc), context),
  };
}

/** An RPC that exists only to be refused with a sentence of its own. */
export function refused(what: string): Handler {
  return {
    kind: 'unary',
    answer: async () => {
      throw unsupported(what);
    },
  };
}

async function* parseEach<S extends z.ZodType>(
  schema: S,
  messages: AsyncIterable<unknown>,
  rpc: string,
): AsyncGenerator<z.output<S>> {
  for await (const message of messages) yield parseRequest(schema, message, rpc);
}

function parseRequest<S extends z.ZodType>(schema: S, message: unknown, rpc: string): z.output<S> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const unknown = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key].join('.')) : [],
  );
  if (unknown.length > 0) throw unsupported(`${unknown.join(', ')} (in ${rpc})`);
  const reasons = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`,
  );
  throw invalid(`${rpc}: ${reasons.join('; ')}`);
}
