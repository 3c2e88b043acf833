/** Where new sandboxes get their base image from: the store's record of the provider's place, else its build, once per process. */
import { baseRecipe } from '../images/base-recipe.ts';
import { runtimeVersion } from '../images/runtime-version.ts';
import { ImageBuildFailed } from '../sandbox/errors.ts';
import type { ImageRef, SandboxProvider } from '../sandbox/provider.ts';
import type { Store } from '../store/store.ts';
import { whenAborted } from './when-aborted.ts';

export type BaseImageSource = {
  /** Of what `find` answers with. */
  recipeHash: string;
  find(signal: AbortSignal): Promise<ImageRef>;
  /** The provider does not have it any more: the next `find` builds it again. */
  forget(): Promise<void>;
};

export function createBaseImageSource(parts: {
  store: Store;
  provider: Pick<SandboxProvider, 'place' | 'buildImage'>;
  log: (message: string, attributes?: Record<string, unknown>) => void;
}): BaseImageSource {
  const { store, provider, log } = parts;
  const recipe = baseRecipe('core');
  const key = { recipeHash: recipe.contentHash, place: provider.place };
  let building: Promise<ImageRef> | null = null;
  const build = async (): Promise<ImageRef> => {
    log('building the base image', { recipe: recipe.contentHash });
    // Shared by every session that waits for it: it does not stop with one of them.
    const image = await provider
      .buildImage(recipe, (text) => log(text.trimEnd()))
      .catch((error: unknown) => {
        if (error instanceof ImageBuildFailed)
          log('the base image could not be built', { cause: error.message, output: error.log });
        throw error;
      });
    await store.images.recordBase({
      ...key,
      imageId: image.imageId,
      runtimeVersion,
      builtAt: new Date().toISOString(),
    });
    return image;
  };
  return {
    recipeHash: recipe.contentHash,
    find: async (signal) => {
      const known = await store.images.findBase(key);
      if (known !== null) return { imageId: known.imageId };
      building ??= build().finally(() => (building = null));
      return Promise.race([building, whenAborted(signal)]);
    },
    forget: async () => store.images.forgetBase(key),
  };
}
