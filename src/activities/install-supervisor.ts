/**
 * The supervisor's way into a sandbox. One exec does it all, because every exec costs more than what it does: it writes the
 * program, waits inside the sandbox for its socket, and asks for the first answer. It is also the first command that a new
 * sandbox has to pass.
 */
import { supervisorPaths } from '../contracts/supervisor.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { curlCommand, waitForSupervisor } from './supervisor-client.ts';

type Supervisor = Pick<ActivityDeps, 'supervisor'>;

/** After the exec has waited inside. */
const patienceSeconds = 60;

/** Above every exit code of curl's. */
const uploadFailedCode = 120;

export function programPath({ supervisor }: Supervisor): string {
  return `${supervisorPaths.programs}/${supervisor.fileName}`;
}

/** Runs the program as soon as it is there, and again when it dies. */
export function entrypoint(program: string): string[] {
  const script = 'while :; do "$0" -e "$1" "$2"; sleep 0.02; done';
  return ['/bin/sh', '-c', script, supervisorPaths.node, runWhenThere, program];
}

/** For Node, which does the waiting itself: it has started by the time the program comes. */
const runWhenThere = `
const { existsSync } = require('node:fs');
const program = process.argv[1];
const run = () => (existsSync(program) ? void import(program) : void setTimeout(run, 5));
run();`;

/**
 * The program appears whole, by a rename, or not at all: stdin also ends when the worker dies in the middle of it, so its
 * length is compared. The socket is waited for some seconds, then the question is asked anyway.
 */
const installScript = `
path=$1 bytes=$2 socket=$3; shift 3
part="$path.$$"
mkdir -p "\${path%/*}" && cat > "$part" && [ "$(wc -c < "$part")" -eq "$bytes" ] && mv -f "$part" "$path" ||
  { rm -f "$part"; exit ${uploadFailedCode}; }
left=500
until [ -S "$socket" ] || [ $left -eq 0 ]; do left=$((left - 1)); sleep 0.01; done
exec "$@"`;

/** Takes the program from stdin, and becomes `question` when something listens at the socket. */
export function installCommand(
  { path, bytes }: { path: string; bytes: number },
  socket: string,
  question: readonly string[],
): string[] {
  return ['/bin/sh', '-c', installScript, 'sh', path, String(bytes), socket, ...question];
}

/** The sandbox did what was asked, and could not: no room, no memory. */
export class ProgramNotTaken extends Error {
  override readonly name = 'ProgramNotTaken';
}

/** Ends when the supervisor has answered. Throws `ProgramNotTaken`, `SupervisorAbsent`, `SandboxLost`. */
export async function installSupervisor(
  deps: Supervisor,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<void> {
  const code = Buffer.from(deps.supervisor.code, 'utf8');
  const program = { path: programPath(deps), bytes: code.length };
  const command = installCommand(program, supervisorPaths.socket, curlCommand({ path: '/status' }));
  const install = await sandbox.exec(command, { stdin: code, signal });
  for await (const _ of install.stdout);
  const exitCode = await install.wait();
  if (exitCode >= uploadFailedCode)
    throw new ProgramNotTaken(
      `the supervisor could not be put into the sandbox: ${(await install.stderr()).trim()}`,
    );
  if (exitCode !== 0) await waitForSupervisor(sandbox, { timeoutSeconds: patienceSeconds, signal });
}
