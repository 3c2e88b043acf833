/** Modal's volumes by name. One is looked up, or made, once per client; it has no connection and nothing to close. */
import type { ModalClient, Volume } from 'modal';
import { unbounded } from './call-context.ts';
import { ProviderRefused } from './errors.ts';
import type { VolumeMount } from './provider.ts';

/**
 * Of those that are made here: many sandboxes may write at once, and files are not limited in number, as with caches of packages. One of the
 * same name that somebody made with the first version is refused.
 */
const volumeVersion = 2;

export class ModalVolumes {
  readonly #client: ModalClient;
  readonly #volumes = new Map<string, Promise<Volume>>();

  constructor(client: ModalClient) {
    this.#client = client;
  }

  /** As the SDK takes them, by mount path. */
  async resolve(mounts: readonly VolumeMount[]): Promise<Record<string, Volume>> {
    const paths = new Set(mounts.map(({ mountPath }) => mountPath));
    if (paths.size < mounts.length) throw new ProviderRefused('two volumes cannot be mounted at one path');
    const entries = mounts.map(async ({ name, mountPath, subPath, readOnly }) => {
      // The SDK takes `/` for the whole volume.
      if (subPath !== undefined && !isCanonical(subPath))
        throw new ProviderRefused(`${JSON.stringify(subPath)} is not a canonical path inside volume ${name}`);
      const volume = await this.#find(name);
      const options = {
        ...(subPath !== undefined && { subPath }),
        ...(readOnly !== undefined && { readOnly }),
      };
      return [mountPath, volume.withMountOptions(options)] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** For volumes that are not where they were: somebody deleted them. */
  forget(mounts: readonly VolumeMount[]): void {
    for (const { name } of mounts) this.#volumes.delete(name);
  }

  #find(name: string): Promise<Volume> {
    const known = this.#volumes.get(name);
    if (known !== undefined) return known;
    const found = unbounded(() =>
      this.#client.volumes.fromName(name, { createIfMissing: true, version: volumeVersion }),
    );
    this.#volumes.set(name, found);
    found.catch(() => this.#volumes.delete(name));
    return found;
  }
}

function isCanonical(subPath: string): boolean {
  return subPath.split('/').every((name) => !['', '.', '..'].includes(name));
}
