/**
 * What happens to a tool call before it runs: a pure decision. Rules about git are explained here, early and in words; what
 * guards is the git proxy. While the repository is still being fetched, reading goes on and everything else waits.
 */
import { posix } from 'node:path';
import * as z from 'zod';
import { gitCommandOf, type GitCommand } from './git-command.ts';
import { gitRules } from './git-rules.ts';
import type { Objection, UncommittedWork } from './objection.ts';
import { commandsIn } from './shell-commands.ts';

export type ToolSituation = {
  /** Where the agent's shell is. */
  directory: string;
  /** The session's own branch. */
  branch: string;
  /** Folders of the session's repositories: what the agent does to others is its own affair. */
  repositories: readonly string[];
  /** The repositories are still being brought up to date. */
  fetching: boolean;
};

export type ToolJudgement =
  | { kind: 'allow' }
  | { kind: 'deny'; sentence: string }
  /** Denied only where there is such work; `directory` is in the repository that would lose it. */
  | { kind: 'denyIfWork'; work: UncommittedWork; directory: string; sentence: string }
  /** To be judged again when the fetch has ended. */
  | { kind: 'wait' };

/** What they see may be older than the branch's head, which harms nobody. */
const readers: ReadonlySet<string> = new Set([
  'Read',
  'Glob',
  'Grep',
  'LS',
  'ListAgents',
  'ListMcpResourcesTool',
  'ReadMcpResourceTool',
  'ReadMcpResourceDirTool',
  'TaskCreate',
  'TaskGet',
  'TaskList',
  'TaskUpdate',
  'TodoWrite',
  'ToolSearch',
  'WaitForMcpServers',
  'WebFetch',
  'WebSearch',
]);

const bashInputSchema = z.object({ command: z.string() });

export function judgeToolUse(toolName: string, input: unknown, situation: ToolSituation): ToolJudgement {
  if (situation.fetching && !readers.has(toolName)) return { kind: 'wait' };
  const bash = toolName === 'Bash' ? bashInputSchema.safeParse(input) : null;
  return bash?.success === true ? judgeCommandLine(bash.data.command, situation) : { kind: 'allow' };
}

function judgeCommandLine(line: string, situation: ToolSituation): ToolJudgement {
  // Most lines have no git in them and need not be read.
  if (!line.includes('git')) return { kind: 'allow' };
  let losing: ToolJudgement = { kind: 'allow' };
  let hasCommitted = false;
  for (const shellCommand of commandsIn(line, situation.directory)) {
    const command = gitCommandOf(shellCommand);
    if (command === null || !isInRepository(command, situation)) continue;
    const objection = objectionTo(command, situation.branch);
    if (objection?.kind === 'deny') return objection;
    // A commit before it in the same line is the snapshot.
    if (objection?.kind === 'losesWork' && !hasCommitted && losing.kind === 'allow') {
      losing = { ...objection, kind: 'denyIfWork', directory: command.directory ?? situation.directory };
    }
    hasCommitted ||= command.name === 'commit';
  }
  return losing;
}

function objectionTo(command: GitCommand, branch: string): Objection | null {
  for (const rule of gitRules) {
    const objection = rule(command, branch);
    if (objection !== null) return objection;
  }
  return null;
}

/** A folder that only the shell knows is most likely in one. */
function isInRepository({ directory }: GitCommand, { repositories }: ToolSituation): boolean {
  if (directory === null) return true;
  return repositories.some((path) => !posix.relative(path, directory).startsWith('..'));
}
