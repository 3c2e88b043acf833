/** Folders of the agent user, made and removed by programs of the agent user. */
import type { Settings } from '../settings.ts';
import { runAsAgentUser, type RunOptions } from './agent-user.ts';

export async function makeFolder(settings: Settings, folder: string): Promise<void> {
  await run(settings, ['mkdir', '-p', '--', folder]);
}

/** Made when it is not there. */
export async function emptyFolder(settings: Settings, folder: string): Promise<void> {
  await run(settings, ['sh', '-c', 'mkdir -p "$1" && find "$1" -mindepth 1 -delete', 'sh', folder]);
}

/** For one step of work; removed afterwards. */
export async function withTemporaryFolder<T>(
  settings: Settings,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = (await run(settings, ['mktemp', '-d', '-t', 'harvest-XXXXXXXX'])).trim();
  try {
    return await work(folder);
  } finally {
    await run(settings, ['rm', '-rf', '--', folder]);
  }
}

/** Resolves to what it printed; rejects when it fails. */
async function run(settings: Settings, argv: RunOptions['argv']): Promise<string> {
  const result = await runAsAgentUser(settings, { argv, cwd: '/', env: { PATH: settings.agentPath } });
  if (result.exitCode !== 0) throw new Error(`${argv[0]} failed: ${result.stderr.trim()}`);
  return result.stdout.toString();
}
