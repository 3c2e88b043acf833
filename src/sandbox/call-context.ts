/**
 * What the SDK's calls cannot be given: a deadline, an AbortSignal and a listener for build output. They travel beside the
 * call and reach its requests through the client's `grpcMiddleware`. Requests to a sandbox's own router do not pass there:
 * for those the caller stops waiting, and the request ends by itself.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ModalClientParams } from 'modal';
import * as z from 'zod';
import { ProviderUnavailable } from './errors.ts';
import { toPortError } from './modal-errors.ts';

type ClientMiddleware = NonNullable<ModalClientParams['grpcMiddleware']>[number];

/** Gets the output of an image build, over several calls that wait for the same build. */
export type BuildLogReader = {
  /** What was read last: the next call goes on from there. Empty at first. */
  lastEntryId: string;
  add(text: string): void;
};

type CallContext = { signal: AbortSignal; buildLog?: BuildLogReader };

const callContext = new AsyncLocalStorage<CallContext | undefined>();

/** Requests whose answer several calls share: one caller's deadline must not fail them for the others. */
const sharedMethods = new Set(['AuthTokenGet', 'EnvironmentGetOrCreate', 'AppGetOrCreate']);

export type Bounds = {
  /** What it was about, for the error: "create sandbox a-g1". */
  what: string;
  timeoutSeconds: number;
  signal?: AbortSignal | undefined;
  buildLog?: BuildLogReader;
};

/**
 * Runs SDK calls under a deadline. Rejects with the signal's reason when it is aborted and with `ProviderUnavailable` at
 * the deadline, at once, whatever the SDK does then.
 */
export async function bounded<T>(bounds: Bounds, work: () => Promise<T>): Promise<T> {
  const { what, timeoutSeconds, buildLog } = bounds;
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new ProviderUnavailable(`${what}: no answer within ${timeoutSeconds} s`));
  }, timeoutSeconds * 1_000);
  const signal =
    bounds.signal === undefined ? deadline.signal : AbortSignal.any([bounds.signal, deadline.signal]);
  const abandoned = Promise.withResolvers<never>();
  const abandon = () => abandoned.reject(signal.reason as Error);
  signal.addEventListener('abort', abandon, { once: true });
  try {
    signal.throwIfAborted();
    const context = { signal, ...(buildLog !== undefined && { buildLog }) };
    return await Promise.race([callContext.run(context, work), abandoned.promise]);
  } catch (error) {
    // The abort reaches the request too, and its own error may come first.
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abandon);
  }
}

/** As `bounded`, with the port's errors; for calls whose failure says nothing about one sandbox or image. */
export async function portCall<T>(bounds: Bounds, work: () => Promise<T>): Promise<T> {
  try {
    return await bounded(bounds, work);
  } catch (error) {
    if (bounds.signal?.aborted === true) throw bounds.signal.reason;
    throw toPortError(error, bounds.what);
  }
}

/** Runs SDK calls whose result is shared with other callers, apart from any one caller's deadline. */
export function unbounded<T>(work: () => Promise<T>): Promise<T> {
  return callContext.run(undefined, work);
}

/** For `new ModalClient({ grpcMiddleware })`. */
export const callContextMiddleware: ClientMiddleware = async function* applyCallContext(call, options) {
  const context = callContext.getStore();
  const method = call.method.path.slice(call.method.path.lastIndexOf('/') + 1);
  const bound =
    context === undefined || sharedMethods.has(method) ? options : { ...options, signal: context.signal };
  if (!call.responseStream) return yield* call.next(call.request, bound);
  const reader = method === 'ImageJoinStreaming' ? context?.buildLog : undefined;
  if (reader === undefined || call.requestStream) return yield* call.next(call.request, bound);
  for await (const response of call.next(goingOn(call.request, reader), bound)) {
    readBuildLog(response, reader);
    yield response;
  }
  return undefined;
};

function goingOn<Request>(request: Request, { lastEntryId }: BuildLogReader): Request {
  return lastEntryId === '' ? request : { ...request, lastEntryId };
}

/** Of `ImageJoinStreaming`, as far as it is of use here. */
const buildProgressSchema = z.object({
  entryId: z.string(),
  taskLogs: z.array(z.object({ data: z.string() })),
});

/** The SDK reads the build's log and drops it; this is its only way out. */
function readBuildLog(response: unknown, reader: BuildLogReader): void {
  const { entryId, taskLogs } = buildProgressSchema.parse(response);
  if (entryId !== '') reader.lastEntryId = entryId;
  const text = taskLogs.map(({ data }) => data).join('');
  if (text !== '') reader.add(text);
}
