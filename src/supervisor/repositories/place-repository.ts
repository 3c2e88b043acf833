/** Gets one repository into its folder, on its branch, with the work that was carried. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CarriedWork, RepositoryHead } from '../../contracts/checkpoint.ts';
import type { SessionEventOf } from '../../contracts/events.ts';
import { cloneRepository, fetchRepository, holdsClone, type CloneInput } from '../../git/clone.ts';
import { catchUpImageClone } from '../../git/image-clone.ts';
import type { GitRunner } from '../../git/runner.ts';
import type { Recorder } from '../recorder.ts';
import { runAsAgentUser } from '../processes/agent-user.ts';
import { emptyFolder } from '../processes/folders.ts';
import type { Settings } from '../settings.ts';
import { bringBackCarriedWork } from './carried-bundles.ts';
import { createGitRunner } from './git-runner.ts';

export type PlaceInput = {
  settings: Settings;
  recorder: Recorder;
  env: Readonly<Record<string, string>>;
  clone: CloneInput;
  /** What lies in the folder came with a repo image. */
  fromRepoImage: boolean;
  carried: { work: CarriedWork; bundlePath: string | null } | null;
};

/** Rejects with `RepositoryUnavailable`. What of the carried work could not be brought back is an event, not an error. */
export async function placeRepository(input: PlaceInput): Promise<RepositoryHead> {
  const { settings, recorder, env, clone, carried } = input;
  const run = createGitRunner(settings, env);
  const startedAtMs = performance.now();
  const { head, from } = await getRepository(input, run);
  const durationMs = Math.round(performance.now() - startedAtMs);
  recorder.event({ type: 'repository.ready', data: { ...head, from, durationMs } });
  if (carried === null) return head;
  const repository = { name: clone.repository, directory: clone.directory };
  const data = await bringBackCarriedWork(
    { settings, env, repository },
    { ...carried, sessionBranch: clone.sessionBranch },
  );
  recorder.event({ type: 'repository.restored', data });
  return { repository: data.repository, branch: data.branch, head: data.head };
}

type From = SessionEventOf<'repository.ready'>['data']['from'];

/** What is there and of no use, the remains of a clone that was cut among it, is removed. */
async function getRepository(
  { settings, clone, fromRepoImage }: PlaceInput,
  run: GitRunner,
): Promise<{ head: RepositoryHead; from: From }> {
  const { directory } = clone;
  if (await isAbsent(directory)) return { head: await cloneRepository(run, clone), from: 'clone' };
  if (fromRepoImage) {
    await removeLocks(settings, directory);
    const head = await catchUpImageClone(run, clone);
    if (head !== null) return { head, from: 'image' };
  } else if (await holdsClone(run, clone)) {
    return { head: await fetchRepository(run, clone), from: 'snapshot' };
  }
  await emptyFolder(settings, directory);
  return { head: await cloneRepository(run, clone), from: 'clone' };
}

/** Nothing runs in there before the start has ended: a git that was killed, here or in the build, has left them. */
async function removeLocks(settings: Settings, directory: string): Promise<void> {
  await runAsAgentUser(settings, {
    argv: ['find', join(directory, '.git'), '-name', '*.lock', '-type', 'f', '-delete'],
    cwd: '/',
    env: { PATH: settings.agentPath },
  });
}

/** In a new sandbox it is, and five programs need not run. Root may look: that follows no link of the agent user's. */
async function isAbsent(directory: string): Promise<boolean> {
  return lstat(directory).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}
