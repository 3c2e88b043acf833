/** How a call is answered that is not done. */
import { status } from '@grpc/grpc-js';

export type StatusName = keyof typeof status;

/** An answer with a gRPC status other than OK. The message reaches the SDK's caller as `details`. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly statusName: StatusName;
  /** Set for a throttle hint: the SDK waits this long and calls again under the same idempotency key. */
  readonly retryAfterSeconds: number | undefined;

  constructor(statusName: StatusName, message: string, retryAfterSeconds?: number) {
    super(message);
    this.statusName = statusName;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get code(): status {
    return status[this.statusName];
  }
}

export const notFound = (message: string): RpcError => new RpcError('NOT_FOUND', message);
export const invalid = (message: string): RpcError => new RpcError('INVALID_ARGUMENT', message);
/** For what Local Modal cannot honour: an option is refused, never ignored. */
export const unsupported = (what: string): RpcError =>
  new RpcError('UNIMPLEMENTED', `Local Modal does not support ${what}`);
