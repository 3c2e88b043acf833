/** One look at all registered sets: which are to be built, and which images nobody needs any more. */
import { needsBuild } from '../../images/needs-build.ts';
import type { RepositorySet } from '../../contracts/repository-set.ts';
import type { Attempt } from '../attempt.ts';
import type { ActivityDeps } from '../deps.ts';
import type { RefreshReport } from '../types.ts';
import { keptSentence } from './begin-build.ts';
import { readInputs } from './build-inputs.ts';

/** All at once: each is one small request. What goes wrong with one set is no other's. */
export async function checkHeads(deps: ActivityDeps, { signal }: Attempt): Promise<RefreshReport> {
  const report: RefreshReport = { builds: [], kept: [], deletedImages: [], problems: [] };
  const sets = await deps.store.repositorySets.list();
  await Promise.all(sets.map(async (set) => check(deps, set, { signal, report })));
  await deleteNeedless(deps, report);
  return report;
}

async function check(
  deps: ActivityDeps,
  set: RepositorySet,
  { signal, report }: { signal: AbortSignal; report: RefreshReport },
): Promise<void> {
  const { setId } = set;
  try {
    const { inputs, problems } = await readInputs(deps, set, signal);
    const images = await deps.store.repoImages.list(setId);
    const here = images.filter((image) => image.place === deps.provider.place);
    const decision = needsBuild(inputs, here, new Date().toISOString());
    if (decision.do === 'build') report.builds.push({ setId, reason: decision.reason });
    else report.kept.push({ setId, reason: keptSentence(decision.reason, problems) });
  } catch (error) {
    signal.throwIfAborted();
    report.problems.push(`${setId}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function deleteNeedless({ store, provider }: ActivityDeps, report: RefreshReport): Promise<void> {
  const { place } = provider;
  for (const { imageId } of await store.repoImages.condemnNeedless(place)) {
    try {
      await provider.deleteImage({ imageId });
      await store.repoImages.recordDeleted({ place, imageId });
      report.deletedImages.push(imageId);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      report.problems.push(`image ${imageId} could not be deleted: ${cause}`);
    }
  }
}
