/** Whether a set is built now, and under which number. */
import type { BuildReason } from '../../contracts/build.ts';
import type { RepoImage } from '../../contracts/repo-image.ts';
import { needsBuild } from '../../images/needs-build.ts';
import type { BuildDecision, KeepReason } from '../../images/needs-build.ts';
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
  const others = here.filter((image) => image.buildId !== buildId);
  await endForgotten(deps, others);
  const before = others.filter(({ state }) => state !== 'building');
  const { inputs, problems } = await readInputs(deps, set, signal);
  const decision = needsBuild(inputs, before, new Date().toISOString());
  // An attempt before this one had decided already.
  const isBegun = others.length < here.length;
  if (decision.do === 'keep' && !force && !isBegun)
    return { kind: 'kept', reason: keptSentence(decision.reason, problems) };
  const { number } = await repoImages.begin({
    setId,
    buildId,
    place,
    recipeHash: inputs.recipeHash,
    setHash: inputs.setHash,
  });
  // Also when it fails before it has found out by itself what it builds.
  const heads = inputs.heads.filter((head) => head !== null);
  if (heads.length === inputs.heads.length) await repoImages.update({ setId, number }, { heads });
  return {
    kind: 'begun',
    build: { setId, number },
    reason: reasonOf(decision),
    session: sessionOf(set, number),
    setup: set.setup,
  };
}

/** One build of a set runs at a time, by the id of its workflow: another one that has not ended has lost its workflow. */
async function endForgotten({ store }: ActivityDeps, images: readonly RepoImage[]): Promise<void> {
  const forgotten = images.filter(({ state }) => state === 'building');
  await Promise.all(
    forgotten.map(async (image) => store.repoImages.fail(image, 'its workflow was ended by force')),
  );
}

function reasonOf(decision: BuildDecision): BuildReason {
  if (decision.do === 'build') return decision.reason;
  return decision.reason === 'failed' ? 'again' : 'asked';
}

const sentences: Readonly<Record<Exclude<KeepReason, 'unreadable'>, string>> = {
  unchanged: 'nothing has changed since the current image was built',
  building: 'it is being built',
  failed: 'the last build of exactly this failed a short while ago',
};

/** `problems`: of the heads that could not be read. */
export function keptSentence(reason: KeepReason, problems: readonly string[]): string {
  return reason === 'unreadable' ? problems.join('; ') : sentences[reason];
}
