/** Folders of the agent user, made and removed by programs of the agent user. */
import type { Settings } from '../settings.ts';
import { runToSuccess } from './agent-user.ts';

export async function makeFolder(settings: Settings, folder: string): Promise<void> {
  await runToSuccess(settings, { argv: ['mkdir', '-p', '--', folder] });
}

/** Made when it is not there. */
export async function emptyFolder(settings: Settings, folder: string): Promise<void> {
  const script = 'mkdir -p "$1" && find "$1" -mindepth 1 -delete';
  await runToSuccess(settings, { argv: ['sh', '-c', script, 'sh', folder] });
}

/** For one step of work; removed afterwards. */
export async function withTemporaryFolder<T>(
  settings: Settings,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const printed = await runToSuccess(settings, { argv: ['mktemp', '-d', '-t', 'harvest-XXXXXXXX'] });
  const folder = printed.toString().trim();
  try {
    return await work(folder);
  } finally {
    await runToSuccess(settings, { argv: ['rm', '-rf', '--', folder] });
  }
}
