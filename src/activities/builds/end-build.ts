/** The end of a build in the store: its image is what sessions start from, or it failed. */
import type { ActivityDeps } from '../deps.ts';
import type { EndBuildInput, EndedBuild } from '../types.ts';

/** May be repeated: the first end stays. `superseded` when a newer image was faster, or the set was removed. */
export async function promoteBuild(deps: ActivityDeps, { build, steps }: EndBuildInput): Promise<EndedBuild> {
  await deps.store.repoImages.update(build, { steps });
  const { state, imageId } = await deps.store.repoImages.promote(build);
  return { state, imageId };
}

export async function failBuild(
  deps: ActivityDeps,
  { build, steps, failure }: EndBuildInput & { failure: string },
): Promise<EndedBuild> {
  await deps.store.repoImages.update(build, { steps });
  const { state, imageId } = await deps.store.repoImages.fail(build, failure);
  return { state, imageId };
}
