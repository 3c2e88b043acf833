/** Whether a set is built now, and under which number. */
import type { BuildReason } from '../../contracts/build.ts';
import type { RepoImage } from '../../contracts/repo-image.ts';
import { needsBuild } from '../../images/needs-build.ts';
import type { Attempt } from '../attempt.ts';
import type { ActivityDeps } from '../deps.ts';
import { SetNotFound } from '../errors.ts';
import type { BeginBuildInput, BegunBuild } from '../types.ts';
import { readInputs, sessionOf } from './build-inputs.ts';

/** Once per `buildId`. Throws `SetNotFound`. */
export async function beginBuild(
  deps: ActivityDeps,
  { setId, force, buildId }: BeginBuildInput,
  { signal }: Attempt,
): Promise<BegunBuild> {
  const { repoImages, repositorySets } = deps.store;
  const { place } = deps.provider;
  const set = await repositorySets.find(setId);
  if (set === null) throw new SetNotFound(setId);
  const here = (await repoImages.list(setId)).filter((image) => image.place === place);
  const before = await endForgotten(
    deps,
    here.filter((image) => image.buildId !== buildId),
  );
  const { inputs, problems } = await readInputs(deps, set, signal);
  const decision = needsBuild(inputs, before, new Date().toISOString());
  // An attempt before this one had decided already.
  const isBegun = before.length < here.length;
  if (decision.do === 'keep' && !force && !isBegun)
    return { kind: 'kept', reason: keptSentence(decision.reason, problems) };
  const { number } = await repoImages.begin({
    setId,
    buildId,
    place,
    recipeHash: inputs.recipeHash,
    setHash: inputs.setHash,
  });
  const reason: BuildReason = decision.do === 'build' && !force ? decision.reason : 'asked';
  return {
    kind: 'begun',
    build: { setId, number },
    reason,
    session: sessionOf(set, number),
    setup: set.setup,
  };
}

/** One build of a set runs at a time, by the id of its workflow: another one that has not ended has lost its workflow. */
async function endForgotten({ store }: ActivityDeps, images: readonly RepoImage[]): Promise<RepoImage[]> {
  return Promise.all(
    images.map(async (image) =>
      image.state === 'building' ? store.repoImages.fail(image, 'its workflow was ended by force') : image,
    ),
  );
}

const sentences: Readonly<Record<string, string>> = {
  unchanged: 'nothing has changed since the current image was built',
  building: 'it is being built',
  failed: 'the last build of exactly this failed a short while ago',
};

export function keptSentence(reason: string, problems: readonly string[]): string {
  return reason === 'unreadable' ? problems.join('; ') : (sentences[reason] ?? reason);
}
