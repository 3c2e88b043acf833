/** The RPCs to one running sandbox: execs and their streams, snapshots. */
import { clientStream, serverStream, unary, type CallContext, type Handlers } from '../rpc/handler.ts';
import { RpcError, invalid, notFound } from '../rpc/rpc-error.ts';
import { StdinRefused } from '../container/stdin-pipe.ts';
import type { Snapshots } from '../images/snapshots.ts';
import type { Exec } from '../sandboxes/exec.ts';
import type { SandboxRegistry } from '../sandboxes/registry.ts';
import type { Sandbox } from '../sandboxes/sandbox.ts';
import * as requests from './router-requests.ts';
import type { Secrets } from './secrets.ts';

type Parts = {
  registry: SandboxRegistry;
  secrets: Secrets;
  snapshots: Snapshots;
  /** The sandbox that the call's token opens. */
  callerOf: (context: CallContext) => string;
};

const stdoutDescriptor = 0;
/** Room for a frame within the SDK's limit for a message. */
const mostBytesPerMessage = 1024 * 1024;

export function routerService(parts: Parts): Handlers {
  const sandboxOf = (taskId: string, context: CallContext): Sandbox => {
    const sandbox = parts.registry.findByTask(taskId);
    if (sandbox === undefined) throw notFound(`task ${taskId} not found`);
    if (parts.callerOf(context) !== sandbox.record.sandboxId) {
      throw new RpcError('PERMISSION_DENIED', 'the token is for another sandbox');
    }
    return sandbox;
  };
  const execOf: FindExec = (request, context) => sandboxOf(request.taskId, context).exec(request.execId);
  return {
    ...execs(parts, sandboxOf, execOf),
    ...stdin(sandboxOf, execOf),
    ...entrypoints(sandboxOf),
    TaskSnapshotFilesystem: unary(requests.snapshotFilesystem, async (request, context) => {
      const sandbox = sandboxOf(request.taskId, context);
      const imageId = await sandbox.snapshot(request.snapshotId, async () =>
        parts.snapshots.take(sandbox.container, sandbox.image, request.ttlSeconds),
      );
      return { imageId };
    }),
    TaskReloadVolumes: unary(requests.reloadVolumes, (request, context) => {
      // Its mounts show at every moment what there is.
      sandboxOf(request.taskId, context).requireRunning();
      return {};
    }),
  };
}

type FindSandbox = (taskId: string, context: CallContext) => Sandbox;
type FindExec = (request: { taskId: string; execId: string }, context: CallContext) => Exec;

function execs(parts: Parts, sandboxOf: FindSandbox, execOf: FindExec): Handlers {
  return {
    TaskExecStart: unary(requests.execStart, (request, context) => {
      sandboxOf(request.taskId, context).startExec({
        execId: request.execId,
        argv: request.commandArgs,
        env: { ...parts.secrets.resolve(request.secretIds, request.secretSources), ...request.env },
        workdir: request.workdir,
        timeoutSeconds: request.timeoutSecs,
        ignoreStdout: requests.isIgnored(request.stdoutConfig),
        ignoreStderr: requests.isIgnored(request.stderrConfig),
      });
      return {};
    }),
    TaskExecWait: unary(requests.execById, async (request, context) => execOf(request, context).exited),
    TaskExecPoll: unary(requests.execById, (request, context) => execOf(request, context).exit ?? {}),
    TaskExecStdioRead: serverStream(requests.execStdioRead, async function* (request, context) {
      const exec = execOf(request, context);
      const log = request.fileDescriptor === stdoutDescriptor ? exec.stdout : exec.stderr;
      for await (const part of log.read(request.offset, context.signal)) {
        for (const data of inFrames(part.data)) yield { data };
      }
    }),
  };
}

function stdin(sandboxOf: FindSandbox, execOf: FindExec): Handlers {
  return {
    TaskExecStdinWrite: unary(requests.execStdinWrite, async (request, context) => {
      sandboxOf(request.taskId, context).touch();
      await write(execOf(request, context), request);
      return {};
    }),
    TaskExecStdinWriteStream: clientStream(requests.execStdinWriteStream, async (messages, context) => {
      let open: { exec: Exec; writer: symbol; offset: number } | undefined;
      for await (const message of messages) {
        if (message.start !== undefined) {
          const exec = execOf(message.start, context);
          open = { exec, writer: exec.stdin.takeOver(), offset: message.start.offset };
        } else if (open === undefined) {
          throw invalid('a stdin stream begins with its start');
        } else if (message.end !== undefined) {
          await write(open.exec, { ...open, data: Buffer.alloc(0), eof: true });
        } else {
          const data = message.data ?? Buffer.alloc(0);
          await write(open.exec, { ...open, data, eof: false });
          open.offset += data.length;
        }
      }
      return {};
    }),
    TaskExecStdinStatus: unary(requests.execById, (request, context) => {
      const { stdin } = execOf(request, context);
      // Whatever of the broken stream still arrives must not be written after the caller has read where to go on.
      stdin.takeOver();
      return { numBytesWritten: stdin.written, closed: stdin.isClosed };
    }),
  };
}

function entrypoints(sandboxOf: FindSandbox): Handlers {
  return {
    SandboxStdioReadV2: serverStream(requests.sandboxStdioRead, async function* (request, context) {
      const sandbox = sandboxOf(request.taskId, context);
      const exec = sandbox.entrypoint;
      if (exec === undefined) {
        await Promise.race([sandbox.ended, aborted(context.signal)]);
        return;
      }
      const log = request.fileDescriptor === stdoutDescriptor ? exec.stdout : exec.stderr;
      for await (const part of log.read(request.offset, context.signal)) {
        let startingOffset = part.offset;
        for (const data of inFrames(part.data)) {
          yield { data, startingOffset };
          startingOffset += data.length;
        }
      }
    }),
    SandboxStdinWriteV2: unary(requests.sandboxStdinWrite, async (request, context) => {
      const sandbox = sandboxOf(request.taskId, context);
      if (sandbox.entrypoint === undefined) {
        throw new RpcError('FAILED_PRECONDITION', 'the sandbox was created without a command');
      }
      sandbox.touch();
      await write(sandbox.entrypoint, request);
      return {};
    }),
  };
}

async function write(
  exec: Exec,
  request: { data: Buffer; offset: number; eof: boolean; writer?: symbol },
): Promise<void> {
  try {
    await exec.stdin.write(request.data, request.offset, request.writer);
    if (request.eof) exec.stdin.close(request.writer);
  } catch (error) {
    if (error instanceof StdinRefused) throw new RpcError('FAILED_PRECONDITION', error.message);
    throw error;
  }
}

function* inFrames(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += mostBytesPerMessage)
    yield data.subarray(at, at + mostBytesPerMessage);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}
