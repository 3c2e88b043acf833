/** A folder of the agent user for one step of work, outside every repository. */
import { runAsAgentUser, type RunOptions } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';

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

/** Rejects when the program fails; resolves to what it printed. */
async function run(settings: Settings, argv: RunOptions['argv']): Promise<string> {
  const result = await runAsAgentUser(settings, { argv, cwd: '/', env: { PATH: settings.agentPath } });
  if (result.exitCode !== 0) throw new Error(`${argv[0]} failed: ${result.stderr.trim()}`);
  return result.stdout.toString();
}
