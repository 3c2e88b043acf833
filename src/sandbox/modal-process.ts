/** A process started by the SDK's `exec`, as the port describes it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerProcess } from 'modal';
import { grpcCodeOf, grpcCodes } from './modal-errors.ts';
import type { ExecOptions, SandboxProcess } from './provider.ts';

const stderrBytes = 8 * 1024;
const stdinChunkBytes = 1024 * 1024;
/** How long stderr may stay open after the process has ended: something it left behind may hold it. */
const stderrGraceMs = 2_000;
const livenessPollMs = 15_000;
const killedCode = 137;
/** A killed process is seen before the end of the sandbox that killed it. */
const sandboxEndGraceMs = 1_000;
const sandboxEndPollMs = 100;

/** Codes of a write to a process that has ended or closed its stdin: its exit code tells all. */
const stdinClosedCodes: ReadonlySet<number> = new Set([
  grpcCodes.notFound,
  grpcCodes.failedPrecondition,
  grpcCodes.invalidArgument,
  grpcCodes.outOfRange,
]);

export type ProcessOwner = {
  /** The port's error for a failed request to this sandbox: asks whether it still lives. */
  classify(error: unknown): Promise<Error>;
  /** Throws `SandboxLost` when the sandbox is known to have ended. */
  requireRunning(): Promise<void>;
};

export function sandboxProcess(
  process: ContainerProcess<Uint8Array>,
  owner: ProcessOwner,
  options: ExecOptions,
): SandboxProcess {
  const { signal } = options;
  const stderr = readTail(process.stderr);
  const input = sendInput(process, options.stdin);
  const inputFailure = input.then(
    () => null,
    (error: unknown) => (stdinClosedCodes.has(grpcCodeOf(error) ?? -1) ? null : (error as Error)),
  );
  const output = { reading: false, ended: Promise.withResolvers<void>() };
  output.ended.promise.catch(() => {});
  return {
    stdout: {
      [Symbol.asyncIterator]: () => {
        if (output.reading) throw new Error('stdout can be read once');
        output.reading = true;
        return readOutput(process.stdout, { owner, signal, inputFailure, ended: output.ended });
      },
    },
    stderr: async () => {
      await Promise.race([stderr.ended, abortOf(signal)]);
      return stderr.text();
    },
    wait: async () => {
      if (output.reading) await output.ended.promise;
      signal?.throwIfAborted();
      const code = await waitForEnd(process, owner, signal);
      await Promise.race([stderr.ended, sleep(stderrGraceMs, undefined, { ref: false })]);
      stderr.stop();
      return code;
    },
  };
}

type Output = {
  owner: ProcessOwner;
  signal: AbortSignal | undefined;
  /** Resolves to why stdin could not be sent, or to null. */
  inputFailure: Promise<Error | null>;
  ended: PromiseWithResolvers<void>;
};

async function* readOutput(
  stdout: ReadableStream<Uint8Array>,
  { owner, signal, inputFailure, ended }: Output,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stdout.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  // A process that waits for input it will never get does not end: its output must not be waited for.
  const starved: { by: Error | null } = { by: null };
  void inputFailure.then((error) => {
    starved.by = error;
    if (error !== null) stop();
  });
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done || signal?.aborted === true) break;
      yield value;
    }
    if (signal?.aborted === true) return ended.reject(signal.reason as Error);
    if (starved.by !== null) throw starved.by;
    ended.resolve();
  } catch (error) {
    if (signal?.aborted === true) return ended.reject(signal.reason as Error);
    const failure = await owner.classify(error);
    ended.reject(failure);
    throw failure;
  } finally {
    signal?.removeEventListener('abort', stop);
    // A reader that left early does not keep `wait` from the end of the process.
    ended.resolve();
    stop();
  }
}

/** The SDK repeats this request for ever, also to a router that is gone: the sandbox is asked now and then. */
async function waitForEnd(
  process: ContainerProcess<Uint8Array>,
  owner: ProcessOwner,
  signal: AbortSignal | undefined,
): Promise<number> {
  const stop = new AbortController();
  try {
    const code = await Promise.race([
      process.wait(),
      watchLiveness(owner, stop.signal),
      abortOf(signal, stop.signal),
    ]);
    if (code === killedCode) await requireSandboxAlive(owner);
    return code;
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw await owner.classify(error);
  } finally {
    stop.abort();
  }
}

async function watchLiveness(owner: ProcessOwner, stop: AbortSignal): Promise<never> {
  while (true) {
    await sleep(livenessPollMs, undefined, { signal: stop, ref: false }).catch(() => {});
    if (stop.aborted) return new Promise<never>(() => {});
    await owner.requireRunning();
  }
}

/** Was the process killed alone, or with its sandbox? */
async function requireSandboxAlive(owner: ProcessOwner): Promise<void> {
  const deadlineMs = Date.now() + sandboxEndGraceMs;
  while (Date.now() < deadlineMs) {
    await owner.requireRunning();
    await sleep(sandboxEndPollMs);
  }
}

/** Rejects with the signal's reason; never resolves. */
function abortOf(signal: AbortSignal | undefined, stop?: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal === undefined) return;
    if (signal.aborted) reject(signal.reason as Error);
    const options = { once: true, ...(stop !== undefined && { signal: stop }) };
    signal.addEventListener('abort', () => reject(signal.reason as Error), options);
  });
}

async function sendInput(
  process: ContainerProcess<Uint8Array>,
  input: string | Uint8Array | undefined,
): Promise<void> {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : (input ?? new Uint8Array());
  const writer = process.stdin.getWriter();
  for (let start = 0; start < bytes.length; start += stdinChunkBytes) {
    await writer.write(bytes.subarray(start, start + stdinChunkBytes));
  }
  await writer.close();
}

function readTail(stream: ReadableStream<Uint8Array>): {
  ended: Promise<void>;
  text(): string;
  stop(): void;
} {
  let tail = Buffer.alloc(0);
  let cut = false;
  const reader = stream.getReader();
  const read = async () => {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      const whole = Buffer.concat([tail, value]);
      cut ||= whole.length > stderrBytes;
      tail = whole.subarray(-stderrBytes);
    }
  };
  return {
    // Losing it is no failure of the process.
    ended: read().catch(() => {}),
    // From a whole line on: half a credential would not be recognised as one when it is redacted (I11).
    text: () => (cut ? tail.subarray(tail.indexOf('\n') + 1) : tail).toString(),
    stop: () => void reader.cancel().catch(() => {}),
  };
}
