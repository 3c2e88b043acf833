/** One sandbox through the SDK. That it ended is reported as `SandboxLost` by every call, whatever the SDK said. */
import { ClientClosedError, NotFoundError, type ModalClient, type Sandbox as ModalSandbox } from 'modal';
import { bounded, type Bounds } from './call-context.ts';
import { ProviderRefused, ProviderUnavailable, SandboxLost } from './errors.ts';
import { grpcCodeOf, grpcCodes, isNotFound, messageOf, toPortError } from './modal-errors.ts';
import type { ModalHandles } from './modal-handles.ts';
import { sandboxProcess, type ProcessOwner } from './modal-process.ts';
import type { ExecOptions, ImageRef, Sandbox, SandboxProcess } from './provider.ts';

const controlTimeoutSeconds = 60;
/** After a failed request: whether the sandbox still lives. */
const probeTimeoutSeconds = 5;
/** The SDK's own limit of a snapshot comes first, so that its answer is not lost by a hair. */
const snapshotMarginSeconds = 5;

export class ModalSandboxAdapter implements Sandbox, ProcessOwner {
  readonly sandboxId: string;
  readonly #client: ModalClient;
  readonly #handles: ModalHandles;

  constructor(sandboxId: string, parts: { client: ModalClient; handles: ModalHandles }) {
    this.sandboxId = sandboxId;
    this.#client = parts.client;
    this.#handles = parts.handles;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<SandboxProcess> {
    const bounds = { ...this.#bounds('exec'), signal: options.signal };
    const process = await this.#call(bounds, async (handle) => {
      const secrets = await Promise.all((options.secretNames ?? []).map((name) => this.#secret(name)));
      return handle.exec([...argv], { mode: 'binary', workdir: '/', ...(secrets.length > 0 && { secrets }) });
    });
    return sandboxProcess(process, this, options);
  }

  async snapshot(options: { timeoutSeconds: number; signal?: AbortSignal }): Promise<ImageRef> {
    const { timeoutSeconds, signal } = options;
    const bounds = { ...this.#bounds('snapshot', timeoutSeconds + snapshotMarginSeconds), signal };
    const image = await this.#call(bounds, (handle) =>
      handle.snapshotFilesystem({ timeoutMs: timeoutSeconds * 1_000, ttlMs: null }),
    );
    return { imageId: image.imageId };
  }

  async isRunning(): Promise<boolean> {
    try {
      return (await this.#exitCode(controlTimeoutSeconds)) === null;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw toPortError(error, this.#what('poll'));
    }
  }

  async terminate(): Promise<void> {
    try {
      const handle = await this.#handles.get(this.sandboxId);
      await bounded(this.#bounds('terminate'), () => handle.terminate({ wait: true }));
    } catch (error) {
      if (!(await this.#hasEnded())) throw toPortError(error, this.#what('terminate'));
    } finally {
      this.#handles.drop(this.sandboxId);
    }
  }

  /** The port's error for a failed request: `SandboxLost` when the sandbox turns out to have ended. */
  async classify(error: unknown): Promise<Error> {
    if (error instanceof SandboxLost) return error;
    const life = await this.#life();
    const isStale = isStaleHandle(error) && !life.refused;
    if (life.ended !== null || isStale) this.#handles.drop(this.sandboxId);
    if (life.ended !== null) return new SandboxLost(this.sandboxId, life.ended);
    // One that runs but is not found (yet) where it should be, or that no longer takes our token: nothing that was refused.
    if (isStale || isNotFound(error)) return new ProviderUnavailable(messageOf(error), { cause: error });
    return toPortError(error, this.#what('exec'));
  }

  async requireRunning(): Promise<void> {
    const { ended } = await this.#life();
    if (ended !== null) throw new SandboxLost(this.sandboxId, ended);
  }

  /** Once more on a new handle when the old one's connection or token is no longer good: nothing was carried out then. */
  async #call<T>(bounds: Bounds, work: (handle: ModalSandbox) => Promise<T>): Promise<T> {
    const attempt = async () => {
      const handle = await this.#handles.get(this.sandboxId);
      return bounded(bounds, () => work(handle));
    };
    try {
      return await attempt().catch((error: unknown) => {
        if (bounds.signal?.aborted === true || !isStaleHandle(error)) throw error;
        this.#handles.drop(this.sandboxId);
        return attempt();
      });
    } catch (error) {
      if (bounds.signal?.aborted === true) throw bounds.signal.reason;
      throw await this.classify(error);
    }
  }

  async #secret(name: string) {
    try {
      return await this.#client.secrets.fromName(name);
    } catch (error) {
      if (error instanceof NotFoundError) throw new ProviderRefused(`Modal has no secret named ${name}`);
      throw error;
    }
  }

  /** Null while it runs. */
  async #exitCode(timeoutSeconds: number): Promise<number | null> {
    return bounded(this.#bounds('poll', timeoutSeconds), async () => {
      // Not the shared handle: a detached one refuses even this.
      const handle = await this.#client.sandboxes.fromId(this.sandboxId);
      return handle.poll();
    });
  }

  /** Why it is gone, or null when it lives or cannot be asked; whether Modal itself no longer takes our credentials. */
  async #life(): Promise<{ ended: string | null; refused: boolean }> {
    try {
      const code = await this.#exitCode(probeTimeoutSeconds);
      return { ended: code === null ? null : describeEnd(code), refused: false };
    } catch (error) {
      const refused = grpcCodeOf(error) === grpcCodes.unauthenticated;
      return { ended: isNotFound(error) ? 'it does not exist' : null, refused };
    }
  }

  async #hasEnded(): Promise<boolean> {
    return (await this.#life()).ended !== null;
  }

  #what(action: string): string {
    return `${action} in sandbox ${this.sandboxId}`;
  }

  #bounds(action: string, timeoutSeconds = controlTimeoutSeconds): Bounds {
    return { what: this.#what(action), timeoutSeconds };
  }
}

function isStaleHandle(error: unknown): boolean {
  return error instanceof ClientClosedError || grpcCodeOf(error) === grpcCodes.unauthenticated;
}

/** The SDK folds the reason into these two codes; every other one is the entrypoint's own. */
function describeEnd(code: number): string {
  if (code === 124) return 'its lifetime was over';
  if (code === 137) return 'it was terminated';
  return `its entrypoint ended with code ${code}`;
}
