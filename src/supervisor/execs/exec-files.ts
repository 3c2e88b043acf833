/**
 * Files that come with an exec, written by programs of the agent user: a link in their way leads only where that user may
 * write. They belong to the exec's run: what ends it ends them.
 */
import { dirname, isAbsolute, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SupervisorExecRequest } from '../../contracts/supervisor.ts';
import { ended, hasSucceeded, spawnAsAgentUser } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';

/** By a rename: one that is read meanwhile stays whole. Onto the name itself, never into a folder of that name. */
const writeScript =
  'part="$1/.harvest-$$"; mkdir -p -- "$1" && cat > "$part" && mv -fT -- "$part" "$2" || { rm -f -- "$part"; exit 1; }';

/** The files did not come where they were to be; the message says which, and why. */
class ExecFilesFailed extends Error {
  override readonly name = 'ExecFilesFailed';
  readonly path: string;
  constructor(what: 'file' | 'folder', path: string, reason: string) {
    super(`the ${what} ${path} could not be written: ${reason}`);
    this.path = path;
  }
}

type ExecFiles = {
  /** Made when it is not there. */
  cwd: string;
  files: SupervisorExecRequest['files'];
  /** From `runNameOf`: the exec's. */
  run: string;
  /** Nothing is begun any more when it is aborted. */
  signal: AbortSignal;
};

/** Rejects with `ExecFilesFailed`, and with the signal's reason. */
export async function writeExecFiles(
  settings: Settings,
  { cwd, files, run, signal }: ExecFiles,
): Promise<void> {
  const refusalOf = async (argv: [string, ...string[]], content = ''): Promise<string | undefined> => {
    signal.throwIfAborted();
    const child = spawnAsAgentUser(settings, { argv, cwd: '/', env: { PATH: settings.agentPath }, run });
    // It may end without reading all of it.
    child.stdin.on('error', () => undefined).end(content);
    child.stdout.resume();
    const [end, complaint] = await Promise.all([ended(child), text(child.stderr)]);
    return hasSucceeded(end) ? undefined : complaint.trim() || `${argv[0]} ended with ${JSON.stringify(end)}`;
  };
  const folderRefused = await refusalOf(['mkdir', '-p', '--', cwd]);
  if (folderRefused !== undefined) throw new ExecFilesFailed('folder', cwd, folderRefused);
  for (const { path, content } of files) {
    const file = isAbsolute(path) ? path : join(cwd, path);
    const refused = await refusalOf(['sh', '-c', writeScript, 'sh', dirname(file), file], content);
    if (refused !== undefined) throw new ExecFilesFailed('file', path, refused);
  }
}
