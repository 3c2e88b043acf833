/** From our handlers to what the gRPC library wants: parsed requests, statuses, flow control. */
import { once } from 'node:events';
import {
  Metadata,
  status,
  type ServerErrorResponse,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { Gate } from './gate.ts';
import type { CallContext, Handler, Handlers } from './handler.ts';
import { encodeRetryPolicy } from './protos.ts';
import { RpcError } from './rpc-error.ts';

type AnyCall = {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  on: (event: 'cancelled', listener: () => void) => unknown;
};

/** Binds handlers to a service; every RPC of the definition must have one. */
export function toGrpcImplementation(
  definition: ServiceDefinition,
  handlers: Handlers,
  gate: Gate,
): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {};
  for (const [rpc, method] of Object.entries(definition)) {
    const handler = handlers[rpc];
    if (handler === undefined) throw new Error(`no handler for ${method.path}`);
    implementation[rpc] = bind(rpc, handler, gate);
  }
  return implementation;
}

function bind(rpc: string, handler: Handler, gate: Gate): UntypedServiceImplementation[string] {
  switch (handler.kind) {
    case 'unary':
      return (call: ServerUnaryCall<unknown, object>, reply: sendUnaryData<object>) => {
        answerOnce({
          call,
          rpc,
          gate,
          reply,
          answer: async (context) => handler.answer(call.request, context),
        });
      };
    case 'clientStream':
      return (call: ServerReadableStream<unknown, object>, reply: sendUnaryData<object>) => {
        answerOnce({ call, rpc, gate, reply, answer: async (context) => handler.answer(call, context) });
      };
    case 'serverStream':
      return (call: ServerWritableStream<unknown, object>) => {
        const context = contextOf(call, rpc);
        void (async () => {
          try {
            await gate.enter(context);
            for await (const message of handler.answer(call.request, context)) {
              if (context.signal.aborted) return;
              if (!call.write(message)) await drained(call, context.signal);
            }
            const lost = await gate.leave(context);
            if (lost !== undefined) throw lost;
            call.end();
          } catch (error) {
            if (!context.signal.aborted) call.emit('error', toGrpcError(error));
          }
        })();
      };
  }
}

function answerOnce(options: {
  call: AnyCall;
  rpc: string;
  gate: Gate;
  reply: sendUnaryData<object>;
  answer: (context: CallContext) => Promise<object>;
}): void {
  const context = contextOf(options.call, options.rpc);
  void (async () => {
    try {
      await options.gate.enter(context);
      const response = await options.answer(context);
      const lost = await options.gate.leave(context);
      if (lost !== undefined) throw lost;
      options.reply(null, response);
    } catch (error) {
      options.reply(toGrpcError(error));
    }
  })();
}

function contextOf(call: AnyCall, rpc: string): CallContext {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  if (call.cancelled) controller.abort();
  return { rpc, metadata: call.metadata, signal: controller.signal };
}

async function drained(call: ServerWritableStream<unknown, object>, signal: AbortSignal): Promise<void> {
  try {
    await once(call, 'drain', { signal });
  } catch {
    // Cancelled while waiting: the caller of this looks at the signal next.
  }
}

function toGrpcError(error: unknown): ServerErrorResponse {
  if (!(error instanceof RpcError)) {
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return Object.assign(new Error(details), {
      code: status.INTERNAL,
      details: `Local Modal failed: ${details}`,
    });
  }
  const metadata = new Metadata();
  if (error.retryAfterSeconds !== undefined) {
    metadata.set('grpc-status-details-bin', encodeRetryPolicy(error));
  }
  return Object.assign(new Error(error.message), { code: error.code, details: error.message, metadata });
}
