/**
 * What happens to a tool call before it runs: a pure decision. Rules about git are explained here, early and in words; they
 * guard nothing, and none is about what may be pushed: that the git proxy judges, alone.
 */
import { posix } from 'node:path';
import * as z from 'zod';
import { gitCommandOf, type GitCommand } from './git-command.ts';
import { gitRules, keeping } from './git-rules.ts';
import type { Objection, UncommittedWork } from './objection.ts';
import { commandsIn, type ShellCommand } from './shell-commands.ts';

export type ToolSituation = {
  /** Where the agent's shell is. */
  directory: string;
  /** Folders of the session's repositories: what the agent does to others is its own affair. */
  repositories: readonly string[];
};

/** `directory` is in the repository that would lose such work. */
export type WorkRule = { work: UncommittedWork; directory: string; sentence: string };

export type ToolJudgement =
  | { kind: 'allow' }
  | { kind: 'deny'; sentence: string }
  /** Denied where one of them finds such work. */
  | { kind: 'denyIfWork'; rules: readonly WorkRule[] };

const bashInputSchema = z.object({ command: z.string() });

export function judgeToolUse(toolName: string, input: unknown, situation: ToolSituation): ToolJudgement {
  const bash = toolName === 'Bash' ? bashInputSchema.safeParse(input) : null;
  return bash?.success === true ? judgeCommandLine(bash.data.command, situation) : { kind: 'allow' };
}

function judgeCommandLine(line: string, situation: ToolSituation): ToolJudgement {
  // Most lines have no git in them and need not be read.
  if (!line.includes('git')) return { kind: 'allow' };
  const rules: WorkRule[] = [];
  for (const shellCommand of commandsIn(line, situation.directory)) {
    const command = gitCommandOf(shellCommand);
    if (command === null || !isInRepository(command, situation)) continue;
    const objection = objectionTo(command);
    if (objection?.kind === 'deny') return objection;
    if (objection?.kind !== 'losesWork' || isKept(command, objection.work, shellCommand.after)) continue;
    const { work, sentence } = objection;
    const directory = command.directory ?? situation.directory;
    const isKnown = rules.some((rule) => rule.work === work && rule.directory === directory);
    if (!isKnown) rules.push({ work, directory, sentence });
  }
  return rules.length === 0 ? { kind: 'allow' } : { kind: 'denyIfWork', rules };
}

function objectionTo(command: GitCommand): Objection | null {
  for (const rule of gitRules) {
    const objection = rule(command);
    if (objection !== null) return objection;
  }
  return null;
}

/** A commit of all such work before it in the same folder, when the command runs only if that succeeds. */
function isKept({ directory }: GitCommand, work: UncommittedWork, after: readonly ShellCommand[]): boolean {
  const earlier = after.flatMap((shellCommand) => {
    const command = gitCommandOf(shellCommand);
    return command !== null && directory !== null && command.directory === directory
      ? [keeping(command)]
      : [];
  });
  const staged = earlier.indexOf('stagesAll');
  const kept = staged === -1 ? [] : earlier.slice(staged);
  if (kept.includes('commit') || kept.includes('commitsChanges')) return true;
  return work === 'changes' && earlier.includes('commitsChanges');
}

/** A folder that only the shell knows is most likely in one. */
function isInRepository({ directory }: GitCommand, { repositories }: ToolSituation): boolean {
  if (directory === null) return true;
  return repositories.some((path) => !posix.relative(path, directory).startsWith('..'));
}
