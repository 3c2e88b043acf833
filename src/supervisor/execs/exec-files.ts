/** Files that come with an exec, written by a program of the agent user: a link in their way leads only where that user may write. */
import { isAbsolute, join } from 'node:path';
import type { SupervisorExecRequest } from '../../contracts/supervisor.ts';
import { makeFolder } from '../processes/folders.ts';
import { runToSuccess } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';

/** By a rename: one that is read meanwhile stays whole. */
const writeScript =
  'mkdir -p -- "$(dirname -- "$1")" && cat > "$1.$$" && mv -f -- "$1.$$" "$1" || { rm -f -- "$1.$$"; exit 1; }';

/** Rejects with `AgentUserToolFailed`. */
export async function writeExecFiles(
  settings: Settings,
  { cwd, files }: { cwd: string; files: SupervisorExecRequest['files'] },
): Promise<void> {
  await makeFolder(settings, cwd);
  for (const { path, content } of files) {
    const file = isAbsolute(path) ? path : join(cwd, path);
    const stdin = Buffer.from(content, 'utf8');
    await runToSuccess(settings, { argv: ['sh', '-c', writeScript, 'sh', file], stdin });
  }
}
