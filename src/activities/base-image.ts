/** Where new sandboxes get their base image from: the store's record, else the provider's build, once per process. */
import { baseRecipe } from '../images/base-recipe.ts';
import { runtimeVersion } from '../images/runtime-version.ts';
import type { ImageRef, SandboxProvider } from '../sandbox/provider.ts';
import type { Store } from '../store/store.ts';

export type BaseImageSource = {
  find(signal: AbortSignal): Promise<ImageRef>;
  /** The provider does not have it any more: the next `find` builds it again. */
  forget(): Promise<void>;
};

export function createBaseImageSource(parts: {
  store: Store;
  provider: SandboxProvider;
  log: (message: string, attributes?: Record<string, unknown>) => void;
}): BaseImageSource {
  const { store, provider, log } = parts;
  const recipe = baseRecipe('core');
  let building: Promise<ImageRef> | null = null;
  const build = async (): Promise<ImageRef> => {
    log('building the base image', { recipe: recipe.contentHash });
    // Shared by every session that waits for it: it does not stop with one of them.
    const image = await provider.buildImage(recipe, (text) => log(text.trimEnd()));
    await store.images.recordBase({
      recipeHash: recipe.contentHash,
      imageId: image.imageId,
      runtimeVersion,
      builtAt: new Date().toISOString(),
    });
    return image;
  };
  return {
    find: async (signal) => {
      const known = await store.images.findBase(recipe.contentHash);
      if (known !== null) return { imageId: known.imageId };
      building ??= build().finally(() => (building = null));
      return Promise.race([building, whenAborted(signal)]);
    },
    forget: async () => store.images.forgetBase(recipe.contentHash),
  };
}

async function whenAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return promise;
}
