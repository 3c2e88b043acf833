/**
 * The agent's own transcript file inside the sandbox, by which it resumes. Read and written by programs of the agent user:
 * the folder is theirs, and root would follow a link.
 */
import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import { hasSucceeded, runAsAgentUser, runToSuccess } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';
import { parseEntries } from './transcript-entries.ts';

/** Set for the agent as `CLAUDE_CONFIG_DIR`; without that variable nothing is mirrored. */
export function configFolderOf(settings: Settings): string {
  return join(settings.agentHome, '.claude');
}

/** `cwd` is the folder the agent starts in: the agent files its transcripts by it. */
function pathOf(
  settings: Settings,
  { cwd, agentSessionId }: { cwd: string; agentSessionId: string },
): string {
  const project = cwd.replaceAll(/[^A-Za-z0-9]/g, '-');
  return join(configFolderOf(settings), 'projects', project, `${agentSessionId}.jsonl`);
}

/** Replaces the file by the lines of `source`, a file of root's. */
export async function writeTranscript(
  settings: Settings,
  at: { cwd: string; agentSessionId: string; source: string },
): Promise<void> {
  const path = pathOf(settings, at);
  await runToSuccess(settings, {
    argv: ['sh', '-c', 'mkdir -p "$1" && rm -f "$2" && cat > "$2"', 'sh', dirname(path), path],
    stdin: createReadStream(at.source),
  });
}

/** Null when there is none. A last line that the agent did not finish is left out, as the agent itself does. */
export async function readTranscript(
  settings: Settings,
  at: { cwd: string; agentSessionId: string },
): Promise<TranscriptEntry[] | null> {
  const result = await runAsAgentUser(settings, {
    argv: ['cat', '--', pathOf(settings, at)],
    cwd: '/',
    env: { PATH: settings.agentPath },
  });
  return hasSucceeded(result.end) ? parseEntries(result.stdout.toString()) : null;
}

/**
 * So that the agent goes on from the newest entry. When it ends, and when its model cannot be reached, it notes where its
 * conversation stood (`last-prompt` with a `leafUuid`). A process that is killed leaves an older note in force, and the one
 * after it would know nothing of what came between (seen with Agent SDK 0.3.330).
 */
export async function removeNotedEnds(
  settings: Settings,
  at: { cwd: string; agentSessionId: string },
): Promise<void> {
  const isNote = '/^{"type":"last-prompt"/d';
  await runToSuccess(settings, { argv: ['sed', '--in-place', '-e', isNote, '--', pathOf(settings, at)] });
}
