/**
 * How this room runs git: it has no I/O of its own, it asks for a command and reads what came back. The supervisor runs
 * the commands as the agent user.
 */

type GitOptions = {
  /** Added to the environment of the command. */
  env?: Record<string, string>;
  /** Written to the command's standard input, which is closed at once without it. */
  stdin?: string;
  /** Instead of git, which can neither copy its own index file nor say how large files are that it does not know. */
  program?: 'git' | 'cp' | 'du';
};

/** `exitCode` is never 0 when a signal ended the command (I10). */
export type GitResult = { exitCode: number; stdout: string; stderr: string };

/**
 * Runs `git <args>` as the agent user and resolves when it ended, whatever its exit code. The environment is the agent's
 * (`gitEnvironment` included). `stdout` is decoded so that every byte comes back when it is written as stdin: `latin1`
 * both ways, because file names need not be UTF-8. Every call says its folder with `-C`.
 */
export type GitRunner = (args: readonly string[], options?: GitOptions) => Promise<GitResult>;

/**
 * Settings that keep a repository's or user's configuration from running programs or changing what our own commands do.
 * Only for commands that Harvest runs itself: the agent's git obeys its own settings.
 */
const safeSettings: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.quotePath=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'commit.gpgSign=false',
  'tag.gpgSign=false',
  'protocol.ext.allow=never',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'status.showUntrackedFiles=all',
  'status.renames=false',
  'diff.noprefix=false',
  'core.commentChar=#',
  'advice.detachedHead=false',
  'init.defaultBranch=main',
].flatMap((setting) => ['-c', setting]);

/** No prompt, no lock for a mere look, messages in English so that they can be read by program. */
export const safeEnvironment: Record<string, string> = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_ASKPASS: '/bin/false',
  SSH_ASKPASS: '/bin/false',
  LC_ALL: 'C.UTF-8',
};

/** A command of ours failed in a way no caller handles on its own. */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
  readonly exitCode: number;
  readonly stderr: string;
  constructor(command: string, result: GitResult) {
    super(`git ${command} failed with exit code ${result.exitCode}: ${lastLine(result.stderr)}`);
    this.exitCode = result.exitCode;
    this.stderr = result.stderr;
  }
}

export type Git = {
  /** Resolves whatever the exit code. */
  try(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** Rejects with `GitFailed` unless the exit code is 0; resolves to stdout. */
  run(args: readonly string[], options?: GitOptions): Promise<string>;
};

/** Git in one folder with the safe settings. */
export function safeGit(run: GitRunner, directory: string, env: Record<string, string> = {}): Git {
  const attempt: Git['try'] = (args, options = {}) =>
    run(['-C', directory, ...safeSettings, ...args], {
      ...options,
      env: { ...safeEnvironment, ...env, ...options.env },
    });
  return {
    try: attempt,
    run: async (args, options) => {
      const result = await attempt(args, options);
      if (result.exitCode !== 0) throw new GitFailed(args[0] ?? '', result);
      return result.stdout;
    },
  };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
