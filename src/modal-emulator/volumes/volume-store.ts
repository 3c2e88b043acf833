/**
 * Volumes: directories that outlive sandboxes and this process, and the records that name them.
 *
 * V1  What sandboxes wrote is deleted only with its volume: a record that cannot be read, or is not there, hides a volume, but deletes nothing.
 * V2  A deleted volume is gone for everybody who asks for it at once; its files stay until the last sandbox that mounts it has ended.
 * V3  A mount exists in the mount namespace of its sandbox alone (B2), so nothing has to be unmounted, and no clean-up of a sandbox's files can
 *     reach into a volume.
 * V4  What lies under the id of a volume is whole: it comes there, and leaves, by one rename of its directory, whenever this process ends. What has
 *     another name is removed by the next one.
 *
 * A volume is one directory, mounted as it is into every sandbox that asks for it. How that differs from Modal, as far as its guide to volumes, the
 * comments of its protocol in the SDK and its Python client tell:
 * - laxer: what one sandbox writes, the others see at once. On Modal they see it after the writer's commit (in the background every few seconds,
 *   at its end, and with the second version when a process runs `sync` on the mount point) and after their own mount or `reloadVolumes`. That
 *   call finds nothing to do here, and does not fail on open files. A program may rely on what sandboxes wrote that ended before it was created.
 * - laxer: what is written survives a kill of the sandbox and of this process, while Modal loses what was not yet committed. Only a crash of the
 *   machine takes what its kernel had not written back.
 * - laxer: hard links, file locks, owners and modes work as on a local disk, for both versions, and nothing bounds files or commits.
 * - laxer: root in a sandbox can undo a read-only mount and look around a sub-path, as it can do anything to this machine. Others cannot.
 * - the same: of two who write one file, the last wins; a mount point must be empty in the image; not at `/`, `/root` and `/tmp`.
 * - stricter: a volume is mounted once per sandbox (Modal's Python client says so too), at a canonical path through no link, not inside another
 *   mount or a directory that is the sandbox's own; it holds no devices, and no program in it gets its owner's rights.
 */
import { chmodSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { removeTrees } from '../container/host-process.ts';
import { Holds } from '../disk/holds.ts';
import { newVolumeId } from '../disk/ids.ts';
import { readJsonFile, writeJsonFile } from '../disk/json-file.ts';
import { notFound } from '../rpc/rpc-error.ts';

const volumeSchema = z.object({
  volumeId: z.string(),
  environmentName: z.string(),
  /** Null for an ephemeral one. */
  name: z.string().nullable(),
  /** As it was asked for; both behave alike. */
  version: z.int(),
  createdAtMs: z.number(),
});
export type VolumeRecord = z.output<typeof volumeSchema>;

export type VolumeStoreOptions = {
  directory: string;
  /** An ephemeral volume that nobody mounts is deleted so long after the last heartbeat of its owner. The SDK sends one every 5 minutes. */
  ephemeralLifetimeSeconds: number;
  log: (line: string) => void;
};

const recordFile = 'volume.json';
const filesFolder = 'files';
/** Before the id of a volume whose directory is being made, or waits for its removal. */
const newPrefix = 'new-';
const deletedPrefix = 'deleted-';

export class VolumeStore {
  readonly #options: VolumeStoreOptions;
  readonly #volumes = new Map<string, VolumeRecord>();
  /** Of volumes, by the sandboxes that mount them. */
  readonly #holds = new Holds();
  /** When an ephemeral one's owner was heard of; a new process gives it the whole time again. */
  readonly #heardAtMs = new Map<string, number>();

  constructor(options: VolumeStoreOptions) {
    this.#options = options;
    for (const volumeId of readdirSync(options.directory).filter((name) => !isPassing(name))) {
      const record = readJsonFile(join(options.directory, volumeId, recordFile), volumeSchema);
      if (record !== undefined) this.#remember(record);
      else options.log(`the record of volume ${volumeId} cannot be read`);
    }
  }

  find(environmentName: string, name: string): VolumeRecord | undefined {
    return [...this.#volumes.values()].find(
      (volume) => volume.environmentName === environmentName && volume.name === name,
    );
  }

  create(wanted: Pick<VolumeRecord, 'environmentName' | 'name' | 'version'>): VolumeRecord {
    const record = { ...wanted, volumeId: newVolumeId(), createdAtMs: Date.now() };
    const made = this.#path(`${newPrefix}${record.volumeId}`);
    mkdirSync(join(made, filesFolder), { recursive: true });
    // Whatever the umask of this process: not only root looks into it.
    chmodSync(join(made, filesFolder), 0o755);
    writeJsonFile(join(made, recordFile), record);
    renameSync(made, this.#path(record.volumeId));
    this.#remember(record);
    return record;
  }

  heard(volumeId: string): void {
    this.require(volumeId);
    this.#heardAtMs.set(volumeId, Date.now());
  }

  /** Throws what the caller of an RPC is told of a volume that is not there, or not any more. */
  require(volumeId: string): void {
    if (!this.#volumes.has(volumeId)) throw notFound(`Volume ${volumeId} not found`);
  }

  /**
   * Where the volume's files are, kept from deletion until released. When the volume is deleted meanwhile they are not to be found there any more:
   * they are kept for those who have mounted them.
   */
  hold(volumeId: string): { files: string; release: () => Promise<void> } {
    this.require(volumeId);
    const letGo = this.#holds.take([volumeId]);
    const release = async (): Promise<void> => {
      if (letGo().length > 0 && !this.#volumes.has(volumeId)) await this.#removeDeleted(volumeId);
    };
    return { files: this.#path(volumeId, filesFolder), release };
  }

  async delete(volumeId: string): Promise<void> {
    this.require(volumeId);
    await this.#remove(volumeId);
  }

  /** Deletes the ephemeral volumes whose owners were not heard of for too long. */
  async sweep(): Promise<void> {
    const limitMs = Date.now() - this.#options.ephemeralLifetimeSeconds * 1000;
    const abandoned = [...this.#volumes.values()].filter(
      ({ name, volumeId }) =>
        name === null && !this.#holds.isHeld(volumeId) && (this.#heardAtMs.get(volumeId) ?? 0) < limitMs,
    );
    await Promise.all(abandoned.map(async ({ volumeId }) => this.#remove(volumeId)));
  }

  /** Removes what volumes left that were deleted, or not wholly made, when an earlier process ended. */
  async collect(): Promise<void> {
    const left = readdirSync(this.#options.directory).filter(isPassing);
    await removeTrees(...left.map((name) => this.#path(name)));
  }

  async #remove(volumeId: string): Promise<void> {
    renameSync(this.#path(volumeId), this.#path(`${deletedPrefix}${volumeId}`));
    this.#volumes.delete(volumeId);
    this.#heardAtMs.delete(volumeId);
    if (!this.#holds.isHeld(volumeId)) await this.#removeDeleted(volumeId);
  }

  async #removeDeleted(volumeId: string): Promise<void> {
    await removeTrees(this.#path(`${deletedPrefix}${volumeId}`));
  }

  #remember(record: VolumeRecord): void {
    this.#volumes.set(record.volumeId, record);
    if (record.name === null) this.#heardAtMs.set(record.volumeId, Date.now());
  }

  #path(...names: string[]): string {
    return join(this.#options.directory, ...names);
  }
}

function isPassing(name: string): boolean {
  return name.startsWith(newPrefix) || name.startsWith(deletedPrefix);
}
