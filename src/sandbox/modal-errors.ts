/** From the SDK's errors, by class and gRPC code, to the port's. */
import {
  ConflictError,
  InvalidError,
  NotFoundError,
  ResourceExhaustedError,
  SandboxFilesystemError,
} from 'modal';
import {
  ImageBuildFailed,
  ImageGone,
  ProviderBusy,
  ProviderRefused,
  ProviderUnavailable,
  SandboxLost,
} from './errors.ts';

/** https://grpc.io/docs/guides/status-codes/ */
export const grpcCodes = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unauthenticated: 16,
} as const;

const refusedCodes: ReadonlySet<number> = new Set([
  grpcCodes.invalidArgument,
  grpcCodes.notFound,
  grpcCodes.permissionDenied,
  grpcCodes.failedPrecondition,
  grpcCodes.outOfRange,
  grpcCodes.unimplemented,
  grpcCodes.unauthenticated,
]);

/** The SDK's own classes that mean: refused. */
const refusedClasses = [NotFoundError, ConflictError, InvalidError, SandboxFilesystemError];

/** The code of a gRPC error, whose class the SDK does not export, or null. */
export function grpcCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error) || !('details' in error)) return null;
  return typeof error.code === 'number' ? error.code : null;
}

function isOfPort(error: unknown): error is Error {
  return [SandboxLost, ProviderUnavailable, ProviderBusy, ProviderRefused, ImageGone, ImageBuildFailed].some(
    (ofPort) => error instanceof ofPort,
  );
}

/**
 * The port's error for one of the SDK's, when a sandbox's end or a missing image is not the cause. `what` begins its
 * message. What is not known to be refused or busy may have been carried out: it is `ProviderUnavailable`.
 */
export function toPortError(error: unknown, what: string): Error {
  if (isOfPort(error)) return error;
  const message = `${what}: ${messageOf(error)}`;
  const code = grpcCodeOf(error);
  if (code === grpcCodes.resourceExhausted || error instanceof ResourceExhaustedError) {
    return new ProviderBusy(message, { cause: error });
  }
  const refused = code === null ? refusedClasses.some((of) => error instanceof of) : refusedCodes.has(code);
  if (refused || isMissingCredentials(error)) return new ProviderRefused(message, { cause: error });
  return new ProviderUnavailable(message, { cause: error });
}

/** NOT_FOUND, or what Modal says instead for an image. */
export function isNotFound(error: unknown): boolean {
  if (error instanceof NotFoundError) return true;
  const code = grpcCodeOf(error);
  if (code === grpcCodes.notFound) return true;
  return code === grpcCodes.failedPrecondition && /could not find image/i.test(messageOf(error));
}

export function messageOf(error: unknown): string {
  if (
    error instanceof Error &&
    'details' in error &&
    typeof error.details === 'string' &&
    error.details !== ''
  ) {
    return error.details;
  }
  return error instanceof Error ? error.message : String(error);
}

/** The SDK's plain error when a client has no token. */
function isMissingCredentials(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Profile is missing credentials');
}
