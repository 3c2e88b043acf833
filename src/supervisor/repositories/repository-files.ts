/** Some files of a repository for the worker, with git's names of their contents. */
import type { SupervisorFiles, SupervisorFilesRequest } from '../../contracts/supervisor.ts';
import { noCommit, readHead } from '../../git/heads.ts';
import { safeGit, type GitRunner } from '../../git/runner.ts';
import { AgentUserToolFailed, hasSucceeded, runAsAgentUser } from '../processes/agent-user.ts';
import { runNameOf } from '../processes/run-name.ts';
import type { Settings } from '../settings.ts';
import { createGitRunner } from './git-runner.ts';

/** Of each of the programs that read. A pipe put in place of a file is enough to keep one waiting. */
const defaultBounds = { timeoutMs: 20_000, mostBytes: 64 * 1024 * 1024 };

/**
 * A line for each file, in order: empty when there is no regular file, else `=` and the content in base64. Pairs of path and
 * most bytes; a path that begins with a dash is none of an option.
 */
const readScript = `cd -- "$1" && shift || exit 1
while [ "$#" -gt 1 ]; do
  if [ -f "./$1" ] && [ -r "./$1" ]; then printf '=' && head -c "$2" "./$1" | base64 -w 0; fi
  echo && shift 2 || exit 1
done`;

type FilesOf = { settings: Settings; repository: { name: string; path: string } };

let reads = 0;

/** As the agent user. Rejects with `AgentUserToolOutOfBounds`, and with `AgentUserToolFailed` where there is no folder. */
export async function readRepositoryFiles(
  { settings, repository: { name, path } }: FilesOf,
  files: SupervisorFilesRequest['files'],
  bounds = defaultBounds,
): Promise<SupervisorFiles> {
  const env = { PATH: settings.agentPath, HOME: settings.agentHome };
  const contents = await readContents({ settings, path, env, bounds }, files);
  const run = createGitRunner(settings, env, { name: 'files-git', ...bounds });
  const head = await readHead(run, { repository: name, directory: path });
  const paths = files.map((file) => file.path);
  return { head, files: contents, blobIds: await blobIdsIn(run, path, { commit: head.head, paths }) };
}

type Reading = {
  settings: Settings;
  path: string;
  env: Record<string, string>;
  bounds: typeof defaultBounds;
};

async function readContents(
  { settings, path, env, bounds }: Reading,
  files: SupervisorFilesRequest['files'],
): Promise<Record<string, string>> {
  reads += 1;
  const wanted = files.flatMap((file) => [file.path, String(file.mostBytes)]);
  const argv = ['sh', '-c', readScript, 'sh', path, ...wanted] as const;
  const result = await runAsAgentUser(settings, {
    argv,
    cwd: '/',
    env,
    bounds: { run: runNameOf(settings, `files.${reads}`), ...bounds },
  });
  if (!hasSucceeded(result.end)) throw new AgentUserToolFailed(argv.slice(0, 1), result);
  const lines = result.stdout.toString('latin1').split('\n');
  const read = files.flatMap((file, index): [string, string][] => {
    const line = lines[index] ?? '';
    return line.startsWith('=') ? [[file.path, Buffer.from(line.slice(1), 'base64').toString()]] : [];
  });
  return Object.fromEntries(read);
}

/** Of regular files only: what a link's blob holds is where it leads. */
async function blobIdsIn(
  run: GitRunner,
  directory: string,
  { commit, paths }: { commit: string; paths: readonly string[] },
): Promise<Record<string, string>> {
  // Without a path it would list them all.
  if (commit === noCommit || paths.length === 0) return {};
  const args = ['--literal-pathspecs', 'ls-tree', '-z', commit, '--', ...paths];
  const listed = await safeGit(run, directory).run(args);
  const entries = listed.split('\0').flatMap((entry): [string, string][] => {
    const [, id = '', path = ''] = /^100[0-7]{3} blob ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    return id === '' ? [] : [[Buffer.from(path, 'latin1').toString(), id]];
  });
  return Object.fromEntries(entries);
}
