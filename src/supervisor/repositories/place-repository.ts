/** Gets one repository into its folder, on the session's branch, with the work that was carried. */
import { lstat } from 'node:fs/promises';
import type { CarriedWork, RepositoryHead } from '../../contracts/checkpoint.ts';
import { cloneRepository, fetchRepository, holdsClone, type CloneInput } from '../../git/clone.ts';
import type { Recorder } from '../recorder.ts';
import { emptyFolder } from '../processes/folders.ts';
import type { Settings } from '../settings.ts';
import { bringBackCarriedWork } from './carried-bundles.ts';
import { createGitRunner } from './git-runner.ts';

export type PlaceInput = {
  settings: Settings;
  recorder: Recorder;
  env: Readonly<Record<string, string>>;
  clone: CloneInput;
  carried: { work: CarriedWork; bundlePath: string | null } | null;
};

/** Rejects with `RepositoryUnavailable`. What of the carried work could not be brought back is an event, not an error. */
export async function placeRepository(input: PlaceInput): Promise<RepositoryHead> {
  const { settings, recorder, env, clone, carried } = input;
  const run = createGitRunner(settings, env);
  const startedAtMs = performance.now();
  const isThere = await holdsRepository(input);
  const head = isThere ? await fetchRepository(run, clone) : await cloneRepository(run, clone);
  const durationMs = Math.round(performance.now() - startedAtMs);
  const from = isThere ? 'snapshot' : 'clone';
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

/** True when a clone ended there. The remains of one that did not are removed. */
async function holdsRepository({ settings, env, clone }: PlaceInput): Promise<boolean> {
  const { directory } = clone;
  if (await isAbsent(directory)) return false;
  if (await holdsClone(createGitRunner(settings, env), clone)) return true;
  await emptyFolder(settings, directory);
  return false;
}

/** In a new sandbox it is, and five programs need not run. Root may look: that follows no link of the agent user's. */
async function isAbsent(directory: string): Promise<boolean> {
  return lstat(directory).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}
