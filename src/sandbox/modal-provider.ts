/**
 * The sandbox port on Modal, through public calls of its SDK only. Keeps I7: a sandbox is looked up by its name before it
 * is created, and looked up again when the answer of a create is ambiguous; it is never created twice by one name.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AlreadyExistsError,
  NotFoundError,
  type App,
  type Image,
  type ModalClient,
  type Sandbox as ModalSandbox,
} from 'modal';
import { bounded, portCall, unbounded } from './call-context.ts';
import { ImageGone, ProviderUnavailable } from './errors.ts';
import { createModalClient, type ModalClientOptions } from './modal-client.ts';
import { isNotFound, toPortError } from './modal-errors.ts';
import { ModalHandles } from './modal-handles.ts';
import { buildImage, deleteImage, findImage } from './modal-images.ts';
import { ModalSandboxAdapter } from './modal-sandbox.ts';
import { ModalVolumes } from './modal-volumes.ts';
import type {
  CreateSandbox,
  ImageRecipe,
  ImageRef,
  ListedSandbox,
  Sandbox,
  SandboxProvider,
} from './provider.ts';

const controlTimeoutSeconds = 60;
const createTimeoutSeconds = 120;
/** A new sandbox was seen to hang or fail at its first exec: it gets one that does nothing. */
const firstExecTimeoutSeconds = 15;
const firstExecPauseMs = 100;

/** The tag that carries a sandbox's name, which Modal's list does not tell. */
const nameTag = 'harvest-name';
/** The one that carries the moment at which it was asked for, in milliseconds since the epoch. */
const createdTag = 'harvest-created-ms';

export type ModalProviderOptions = ModalClientOptions & {
  /** Modal's app that holds sandboxes and images; `harvest` by default. */
  appName?: string;
};

export function createModalProvider(options: ModalProviderOptions): SandboxProvider {
  return new ModalProvider(options);
}

class ModalProvider implements SandboxProvider {
  readonly place: string;
  readonly #client: ModalClient;
  readonly #handles: ModalHandles;
  readonly #volumes: ModalVolumes;
  readonly #appName: string;
  #appOnce: Promise<App> | undefined;

  constructor(options: ModalProviderOptions) {
    const { appName = 'harvest', serverUrl = 'modal', environment = '' } = options;
    this.place = [serverUrl, environment, appName].join(' ');
    this.#client = createModalClient(options);
    this.#handles = new ModalHandles(this.#client);
    this.#volumes = new ModalVolumes(this.#client);
    this.#appName = appName;
  }

  async buildImage(
    recipe: ImageRecipe,
    onLog: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<ImageRef> {
    const bounds = { what: 'find the app', timeoutSeconds: controlTimeoutSeconds, signal };
    const app = await portCall(bounds, () => this.#app());
    return buildImage({ client: this.#client, app, recipe, onLog, signal });
  }

  async create(request: CreateSandbox): Promise<Sandbox> {
    // Asked for meanwhile; without a sandbox of that name it is needed.
    const image = findImage(this.#client, request.image.imageId);
    image.catch(() => {});
    const existing = await this.#lookUp(request.name, request.signal);
    const sandbox = existing ?? (await this.#createOrFind(request, image));
    await firstExec(sandbox, request.signal);
    return sandbox;
  }

  findByName(name: string): Promise<Sandbox | null> {
    return this.#lookUp(name);
  }

  attach(sandboxId: string): Promise<Sandbox> {
    return Promise.resolve(this.#wrap(sandboxId));
  }

  list(tags: Readonly<Record<string, string>>): Promise<ListedSandbox[]> {
    return portCall({ what: 'list sandboxes', timeoutSeconds: controlTimeoutSeconds }, async () => {
      const { appId } = await this.#app();
      const found = await Array.fromAsync(this.#client.sandboxes.list({ appId, tags: { ...tags } }));
      return Promise.all(found.map((handle) => describe(handle)));
    });
  }

  deleteImage(image: ImageRef): Promise<void> {
    return deleteImage(this.#client, image);
  }

  close(): Promise<void> {
    this.#handles.close();
    this.#client.close();
    return Promise.resolve();
  }

  async #createOrFind(request: CreateSandbox, image: Promise<Image>): Promise<Sandbox> {
    const { name, signal } = request;
    const what = `create sandbox ${name}`;
    try {
      const bounds = { what, timeoutSeconds: createTimeoutSeconds, signal };
      return this.#keep(await bounded(bounds, () => this.#createOnce(request, image)));
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      const failure = isNotFound(error) ? new ImageGone(request.image.imageId) : toPortError(error, what);
      const ambiguous = error instanceof AlreadyExistsError || failure instanceof ProviderUnavailable;
      const found = ambiguous ? await this.#lookUp(name, signal) : null;
      if (found === null) throw failure;
      return found;
    }
  }

  async #createOnce(request: CreateSandbox, image: Promise<Image>): Promise<ModalSandbox> {
    const { volumes = [] } = request;
    // Before the volumes, which are made when missing.
    const found = await image;
    try {
      return await this.#createWith(request, found);
    } catch (error) {
      if (volumes.length === 0 || !isNotFound(error)) throw error;
      // The image is there: a volume was deleted since it was looked up. Nothing was created.
      this.#volumes.forget(volumes);
      return this.#createWith(request, found);
    }
  }

  async #createWith(request: CreateSandbox, image: Image): Promise<ModalSandbox> {
    const { volumes = [] } = request;
    return this.#client.sandboxes.create(await this.#app(), image, {
      name: request.name,
      command: [...request.command],
      tags: { ...request.tags, [nameTag]: request.name, [createdTag]: String(Date.now()) },
      timeoutMs: request.timeoutSeconds * 1_000,
      ...(volumes.length > 0 && { volumes: await this.#volumes.resolve(volumes) }),
    });
  }

  #lookUp(name: string, signal?: AbortSignal): Promise<Sandbox | null> {
    const bounds = { what: `find sandbox ${name}`, timeoutSeconds: controlTimeoutSeconds, signal };
    return portCall(bounds, async () => {
      try {
        return this.#keep(await this.#client.sandboxes.fromName(this.#appName, name));
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    });
  }

  #app(): Promise<App> {
    this.#appOnce ??= unbounded(() =>
      this.#client.apps.fromName(this.#appName, { createIfMissing: true }),
    ).catch((error: unknown) => {
      this.#appOnce = undefined;
      throw error;
    });
    return this.#appOnce;
  }

  #keep(handle: ModalSandbox): Sandbox {
    return this.#wrap(this.#handles.keep(handle).sandboxId);
  }

  #wrap(sandboxId: string): Sandbox {
    return new ModalSandboxAdapter(sandboxId, { client: this.#client, handles: this.#handles });
  }
}

async function describe(handle: ModalSandbox): Promise<ListedSandbox> {
  const { sandboxId } = handle;
  try {
    const { [nameTag]: name, [createdTag]: created, ...tags } = await handle.getTags();
    return { sandboxId, name: name ?? null, tags, createdAt: timeOf(created) };
  } catch (error) {
    // It ended since it was listed.
    if (isNotFound(error)) return { sandboxId, name: null, tags: {}, createdAt: null };
    throw error;
  }
}

function timeOf(milliseconds: string | undefined): string | null {
  const time = new Date(Number(milliseconds ?? Number.NaN));
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

async function firstExec(sandbox: Sandbox, signal: AbortSignal | undefined): Promise<void> {
  const deadline = AbortSignal.timeout(firstExecTimeoutSeconds * 1_000);
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  while (true) {
    try {
      const process = await sandbox.exec(['true'], { signal: either });
      await process.wait();
      return;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (deadline.aborted) throw neverReady(sandbox.sandboxId);
      if (!(error instanceof ProviderUnavailable)) throw error;
      // Found while another create was still starting it.
      await sleep(firstExecPauseMs);
    }
  }
}

function neverReady(sandboxId: string): ProviderUnavailable {
  return new ProviderUnavailable(
    `the first exec in sandbox ${sandboxId} did not work within ${firstExecTimeoutSeconds} s`,
  );
}
