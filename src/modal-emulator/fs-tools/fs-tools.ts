/**
 * The operations behind the SDK's `sandbox.filesystem`. The SDK runs a program of Modal's inside the sandbox with one JSON argument; here the
 * same operation is done by coreutils of the image, as a process of the sandbox, so paths and symlinks mean what they mean inside and
 * nothing can lead out of it.
 */
import * as z from 'zod';
import type { Container } from '../container/container.ts';
import type { ContainerProcess, ExitStatus, ProcessOptions } from '../container/container-process.ts';
import { defaultPath } from '../container/container-factory.ts';
import { OutputLog } from '../container/output-log.ts';
import { invalid } from '../rpc/rpc-error.ts';
import type { Exec } from '../sandboxes/exec.ts';
import { toErrorReport, type FileExistsKind } from './error-report.ts';
import { findFormat, toEntries } from './find-entries.ts';

/** What the SDK names as the program. */
export const fsToolsPath = '/__modal/.bin/modal-sandbox-fs-tools';

const path = z.string().startsWith('/');
const operationSchema = z.union([
  z.strictObject({ ReadFile: z.strictObject({ path }) }),
  z.strictObject({ WriteFile: z.strictObject({ path }) }),
  z.strictObject({ ListFiles: z.strictObject({ path }) }),
  z.strictObject({ Stat: z.strictObject({ path }) }),
  z.strictObject({ MakeDirectory: z.strictObject({ path, parents: z.boolean() }) }),
  z.strictObject({ Remove: z.strictObject({ path, recursive: z.boolean() }) }),
  z.strictObject({ Watch: z.looseObject({}) }),
]);
type Operation = z.output<typeof operationSchema>;

/** Writes beside the file and moves the whole into place. A symlink is followed, an existing file keeps its mode and owner. */
const writeScript = `
file=$1
if [ -L "$file" ]; then file=$(readlink -mn -- "$file" && echo x) && file=\${file%x}; fi
if [ -d "$file" ]; then echo "$1: Is a directory" >&2; exit 1; fi
directory=\${file%/*}/
[ -d "$directory" ] || mkdir -p -- "$directory" || exit 1
part=$directory.modal-fs-tools-$$
cat >"$part" || { rm -f -- "$part"; exit 1; }
if [ -e "$file" ]; then chown --reference="$file" -- "$part"; chmod --reference="$file" -- "$part"; fi
mv -fT -- "$part" "$file" || { rm -f -- "$part"; exit 1; }
`;

/** The command that does the operation, and what becomes of its output (unchanged when absent). */
type Plan = { argv: string[]; toOutput?: (raw: string) => string; kindOfFileExists?: FileExistsKind };

export function startFsTools(container: Container, options: ProcessOptions): Exec {
  const plan = planOf(parseOperation(options.argv));
  const running = container.run({
    ...options,
    argv: plan.argv,
    env: { PATH: defaultPath, LC_ALL: 'C' },
    workdir: '/',
    ignoreStdout: false,
    ignoreStderr: false,
  });
  return new FsToolsExec(running, plan, options.spoolPath);
}

function parseOperation(argv: readonly string[]): Operation {
  try {
    return operationSchema.parse(JSON.parse(argv[1] ?? ''));
  } catch {
    throw invalid(`not an operation of modal-sandbox-fs-tools: ${argv.slice(1).join(' ')}`);
  }
}

function planOf(operation: Operation): Plan {
  if ('ReadFile' in operation) return { argv: ['cat', '--', operation.ReadFile.path] };
  if ('WriteFile' in operation) {
    const argv = ['sh', '-c', writeScript, 'sh', operation.WriteFile.path];
    // A file is where a parent directory should be.
    return { argv, kindOfFileExists: 'AlreadyExists' };
  }
  if ('MakeDirectory' in operation) {
    const { path, parents } = operation.MakeDirectory;
    return { argv: ['mkdir', ...(parents ? ['-p'] : []), '--', path] };
  }
  if ('Remove' in operation) {
    const { path, recursive } = operation.Remove;
    return { argv: ['rm', recursive ? '-r' : '-d', '--', path] };
  }
  if ('Stat' in operation) {
    const { path } = operation.Stat;
    return {
      argv: ['find', path, '-maxdepth', '0', '-printf', findFormat],
      toOutput: (raw) => JSON.stringify(toEntries(raw, () => path)[0]),
    };
  }
  if ('ListFiles' in operation) {
    const directory = operation.ListFiles.path.replace(/\/+$/, '');
    return {
      argv: ['find', `${directory}/.`, '-mindepth', '1', '-maxdepth', '1', '-printf', findFormat],
      toOutput: (raw) => JSON.stringify(toEntries(raw, (name) => `${directory}/${name}`)),
    };
  }
  // The SDK turns this into an InvalidError of its own.
  return { argv: ['sh', '-c', 'echo "Operation not supported by Local Modal" >&2; exit 1'] };
}

/** The process with its outputs in the form the SDK expects: JSON on stdout, one JSON report on stderr. */
class FsToolsExec implements Exec {
  readonly stdin: ContainerProcess['stdin'];
  readonly stdout: OutputLog;
  readonly stderr: OutputLog;
  readonly exited: Promise<ExitStatus>;
  readonly #running: ContainerProcess;

  constructor(running: ContainerProcess, plan: Plan, spoolPath: string) {
    this.#running = running;
    this.stdin = running.stdin;
    this.stdout = plan.toOutput === undefined ? running.stdout : new OutputLog(`${spoolPath}.json`);
    this.stderr = new OutputLog(`${spoolPath}.report`);
    this.exited = this.#translate(plan);
  }

  get exit(): ExitStatus | undefined {
    return this.#running.exit;
  }

  kill(): void {
    this.#running.kill();
  }

  discard(): void {
    this.#running.discard();
    this.stdout.discard();
    this.stderr.discard();
  }

  async #translate(plan: Plan): Promise<ExitStatus> {
    const status = await this.#running.exited;
    const failed = !('code' in status) || status.code !== 0;
    if (failed) {
      this.stderr.append(
        Buffer.from(toErrorReport(await this.#running.stderr.readAll(), plan.kindOfFileExists)),
      );
    } else if (plan.toOutput !== undefined) {
      this.stdout.append(Buffer.from(plan.toOutput(await this.#running.stdout.readAll())));
    }
    this.stderr.end();
    if (plan.toOutput !== undefined) this.stdout.end();
    return status;
  }
}
