/**
 * Volumes: directories that outlive sandboxes and this process, and the records that name them.
 *
 * V1  What sandboxes wrote is deleted only with its volume: a record that cannot be read hides a volume, but deletes nothing.
 * V2  A deleted volume is gone for everybody who asks for it at once; its files stay until the last sandbox that mounts it has ended.
 * V3  A mount exists in the mount namespace of its sandbox alone (B2), so nothing has to be unmounted, and no clean-up of a sandbox's files can
 *     reach into a volume.
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
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { removeTrees } from '../container/host-process.ts';
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

export class VolumeStore {
  readonly #options: VolumeStoreOptions;
  readonly #volumes = new Map<string, VolumeRecord>();
  /** Sandboxes per volume that mount it. */
  readonly #holds = new Map<string, number>();
  /** When an ephemeral one's owner was heard of; a new process gives it the whole time again. */
  readonly #heardAtMs = new Map<string, number>();

  constructor(options: VolumeStoreOptions) {
    this.#options = options;
    for (const volumeId of readdirSync(options.directory)) {
      const record = readJsonFile(join(options.directory, volumeId, recordFile), volumeSchema);
      if (record !== undefined) this.#remember(record);
      else if (this.#hasRecord(volumeId)) options.log(`the record of volume ${volumeId} cannot be read`);
    }
  }

  find(environmentName: string, name: string): VolumeRecord | undefined {
    return [...this.#volumes.values()].find(
      (volume) => volume.environmentName === environmentName && volume.name === name,
    );
  }

  create(wanted: Pick<VolumeRecord, 'environmentName' | 'name' | 'version'>): VolumeRecord {
    const record = { ...wanted, volumeId: newVolumeId(), createdAtMs: Date.now() };
    mkdirSync(this.#filesOf(record.volumeId), { recursive: true });
    // Whatever the umask of this process: not only root looks into it.
    chmodSync(this.#filesOf(record.volumeId), 0o755);
    writeJsonFile(this.#path(record.volumeId, recordFile), record);
    this.#remember(record);
    return record;
  }

  heard(volumeId: string): void {
    this.#get(volumeId);
    this.#heardAtMs.set(volumeId, Date.now());
  }

  /** Where the volume's files are, kept from deletion until released. */
  hold(volumeId: string): { files: string; release: () => Promise<void> } {
    this.#get(volumeId);
    this.#holds.set(volumeId, (this.#holds.get(volumeId) ?? 0) + 1);
    return { files: this.#filesOf(volumeId), release: async () => this.#release(volumeId) };
  }

  async delete(volumeId: string): Promise<void> {
    this.#get(volumeId);
    await this.#remove(volumeId);
  }

  /** Deletes the ephemeral volumes whose owners were not heard of for too long. */
  async sweep(): Promise<void> {
    const limitMs = Date.now() - this.#options.ephemeralLifetimeSeconds * 1000;
    const abandoned = [...this.#volumes.values()].filter(
      ({ name, volumeId }) =>
        name === null && !this.#holds.has(volumeId) && (this.#heardAtMs.get(volumeId) ?? 0) < limitMs,
    );
    await Promise.all(abandoned.map(async ({ volumeId }) => this.#remove(volumeId)));
  }

  /** Removes the files of volumes that were deleted, or not wholly made, when an earlier process ended. */
  async collect(): Promise<void> {
    const { directory } = this.#options;
    const orphans = readdirSync(directory).filter((volumeId) => !this.#hasRecord(volumeId));
    await removeTrees(...orphans.map((volumeId) => this.#path(volumeId)));
  }

  async #remove(volumeId: string): Promise<void> {
    this.#volumes.delete(volumeId);
    this.#heardAtMs.delete(volumeId);
    rmSync(this.#path(volumeId, recordFile), { force: true });
    if (!this.#holds.has(volumeId)) await removeTrees(this.#path(volumeId));
  }

  async #release(volumeId: string): Promise<void> {
    const left = (this.#holds.get(volumeId) ?? 1) - 1;
    if (left > 0) {
      this.#holds.set(volumeId, left);
      return;
    }
    this.#holds.delete(volumeId);
    if (!this.#volumes.has(volumeId)) await removeTrees(this.#path(volumeId));
  }

  #remember(record: VolumeRecord): void {
    this.#volumes.set(record.volumeId, record);
    if (record.name === null) this.#heardAtMs.set(record.volumeId, Date.now());
  }

  #get(volumeId: string): VolumeRecord {
    const record = this.#volumes.get(volumeId);
    if (record === undefined) throw notFound(`Volume ${volumeId} not found`);
    return record;
  }

  #hasRecord(volumeId: string): boolean {
    return existsSync(this.#path(volumeId, recordFile));
  }

  #filesOf(volumeId: string): string {
    return this.#path(volumeId, 'files');
  }

  #path(...names: string[]): string {
    return join(this.#options.directory, ...names);
  }
}
