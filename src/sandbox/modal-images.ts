/** Building and deleting images through the SDK. */
import type { App, Image, ModalClient } from 'modal';
import { bounded, portCall, type BuildLogReader } from './call-context.ts';
import { ImageBuildFailed, ImageGone, ProviderUnavailable } from './errors.ts';
import { isNotFound, messageOf, toPortError } from './modal-errors.ts';
import type { ImageRecipe, ImageRef } from './provider.ts';

const buildTimeoutSeconds = 30 * 60;
const controlTimeoutSeconds = 60;
/** A dropped connection ends the SDK's wait for a build, not the build: asking again joins it. */
const joins = 5;
/** A layer that takes longer is announced although it has no output yet. */
const quietMs = 2_000;
const keptLogCharacters = 8 * 1024;

export type BuildRequest = {
  client: ModalClient;
  app: App;
  recipe: ImageRecipe;
  onLog: (text: string) => void;
  signal: AbortSignal | undefined;
};

/**
 * Layer by layer, so that a change in the recipe keeps the layers before it, and each one's time is known. A layer that is
 * found says nothing.
 */
export async function buildImage({ client, app, recipe, onLog, signal }: BuildRequest): Promise<ImageRef> {
  const layers = layersOf(recipe.commands);
  let image = client.images.fromRegistry(recipe.from);
  const deadlineMs = Date.now() + buildTimeoutSeconds * 1_000;
  for (const [index, commands] of layers.entries()) {
    const timeoutSeconds = Math.max(1, Math.round((deadlineMs - Date.now()) / 1_000));
    const log = new LayerLog(`[${index + 1}/${layers.length}]`, summary(commands), onLog);
    image = await buildLayer(image.dockerfileCommands(commands), { app, log, timeoutSeconds, signal });
  }
  return { imageId: image.imageId };
}

type LayerRequest = { app: App; log: LayerLog; timeoutSeconds: number; signal: AbortSignal | undefined };

async function buildLayer(image: Image, { app, log, timeoutSeconds, signal }: LayerRequest): Promise<Image> {
  const what = `build image, ${log.title}`;
  const bounds = { what, timeoutSeconds, signal, buildLog: log };
  const announcement = setTimeout(() => log.announce(), quietMs);
  try {
    for (let join = 1; ; join += 1) {
      try {
        const built = await bounded(bounds, () => image.build(app));
        log.finish();
        return built;
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        const failure = buildFailure(error, what, log.tail);
        if (join === joins || failure instanceof ImageBuildFailed || !mayJoinAgain(error)) throw failure;
      }
    }
  } finally {
    clearTimeout(announcement);
  }
}

/** What people read of one layer. */
class LayerLog implements BuildLogReader {
  readonly title: string;
  /** The end of the output. */
  tail = '';
  lastEntryId = '';
  readonly #label: string;
  readonly #onLog: (text: string) => void;
  readonly #startedMs = Date.now();
  #announced = false;

  constructor(label: string, command: string, onLog: (text: string) => void) {
    this.#label = label;
    this.title = `${label} ${command}`;
    this.#onLog = onLog;
  }

  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#onLog(`${this.title}\n`);
  }

  add(text: string): void {
    this.announce();
    this.tail = (this.tail + text).slice(-keptLogCharacters);
    this.#onLog(text);
  }

  finish(): void {
    if (!this.#announced) return;
    this.#onLog(`${this.#label} ready after ${((Date.now() - this.#startedMs) / 1_000).toFixed(1)} s\n`);
  }
}

/** The SDK throws plain errors for builds that failed; all begin alike. */
function buildFailure(error: unknown, what: string, log: string): Error {
  const message = messageOf(error);
  if (!message.startsWith('Image build for ')) return toPortError(error, what);
  if (message.includes('terminated due to external shut-down')) {
    return new ProviderUnavailable(`${what}: ${message}`, { cause: error });
  }
  return new ImageBuildFailed(`${what}: ${message}`, log);
}

function mayJoinAgain(error: unknown): boolean {
  return !(error instanceof ProviderUnavailable) && toPortError(error, '') instanceof ProviderUnavailable;
}

/** A layer ends with each RUN; what only sets something goes with the next RUN. */
export function layersOf(commands: readonly string[]): string[][] {
  const layers: string[][] = [];
  let open: string[] = [];
  for (const command of commands) {
    open.push(command);
    if (!/^\s*RUN\s/i.test(command)) continue;
    layers.push(open);
    open = [];
  }
  if (open.length > 0 || layers.length === 0) layers.push(open);
  return layers;
}

function summary(commands: readonly string[]): string {
  const [first = ''] = (commands.at(-1) ?? '').split(/\n| && /, 1);
  return first.length > 60 ? `${first.slice(0, 59)}…` : first;
}

/** Throws `ImageGone` when there is no such image. */
export async function findImage(client: ModalClient, imageId: string): Promise<Image> {
  try {
    return await client.images.fromId(imageId);
  } catch (error) {
    throw isNotFound(error) ? new ImageGone(imageId) : error;
  }
}

export async function deleteImage(client: ModalClient, { imageId }: ImageRef): Promise<void> {
  await portCall({ what: `delete image ${imageId}`, timeoutSeconds: controlTimeoutSeconds }, () =>
    client.images.delete(imageId).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    }),
  );
}
