/**
 * Every sandbox of the emulator, running and finished.
 *
 * R1  Of the running sandboxes of an app at most one has a given name; the name is taken before the sandbox boots.
 * R2  When a sandbox is reported as ended, its processes and mounts are gone. Its files follow in the background; `close` waits for them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerFactory } from '../container/container-factory.ts';
import { MountRefused, type ContainerMount } from '../container/container.ts';
import { removeTrees } from '../container/host-process.ts';
import { newSandboxId, newTaskId } from '../disk/ids.ts';
import type { ImageRecord, ImageStore } from '../images/image-store.ts';
import { RpcError, notFound } from '../rpc/rpc-error.ts';
import { mountVolumes, type VolumeMount } from '../volumes/mount-volumes.ts';
import type { VolumeStore } from '../volumes/volume-store.ts';
import type { SandboxRecords } from './records.ts';
import { Sandbox } from './sandbox.ts';
import type { SandboxRecord } from './sandbox-record.ts';
import { terminated } from './result.ts';

/** The output of an ended sandbox stays readable for whoever was reading it. */
const outputKeptMs = 10 * 60_000;

export type CreateRequest = Pick<
  SandboxRecord,
  'appId' | 'imageId' | 'name' | 'tags' | 'timeoutSeconds' | 'idleTimeoutSeconds'
> & {
  /** None: the sandbox lives until it is ended. */
  entrypoint: readonly string[];
  workdir: string | undefined;
  env: Readonly<Record<string, string>>;
  volumes: readonly VolumeMount[];
};

export type RegistryParts = {
  records: SandboxRecords;
  images: ImageStore;
  volumes: VolumeStore;
  containers: ContainerFactory;
  outputDirectory: string;
  log: (line: string) => void;
};

/** Of the image and the volumes of a sandbox; they stay on disk until they are released. */
type HeldFiles = { paths: string[]; mounts: ContainerMount[]; release: () => Promise<void> };

export class SandboxRegistry {
  readonly #parts: RegistryParts;
  /** Running ones, and for a while ended ones for their output. */
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #starting = new Map<string, Promise<Sandbox>>();
  readonly #cleanUps = new Set<Promise<void>>();
  #lastCreatedAtSeconds = 0;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /** Resolves when the sandbox has booted and its entrypoint was started. */
  async create(request: CreateRequest): Promise<Sandbox> {
    const image = this.#parts.images.get(request.imageId);
    if (request.name !== null) this.#refuseTakenName(request.appId, request.name);
    const record = this.#newRecord(request);
    this.#parts.records.save(record);
    const starting = this.#start(record, image, request);
    this.#starting.set(record.sandboxId, starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(record.sandboxId);
    }
  }

  /** The sandbox when it has booted, or ended so recently that its output is still there. */
  async started(sandboxId: string): Promise<Sandbox | undefined> {
    await this.#starting.get(sandboxId)?.catch(() => undefined);
    return this.#sandboxes.get(sandboxId);
  }

  /** What is left of `create` once the name is taken. */
  async #start(record: SandboxRecord, image: ImageRecord, request: CreateRequest): Promise<Sandbox> {
    const sandbox = await this.#boot(record, image, request).catch((error: unknown) => {
      this.#parts.records.forget(record);
      throw error;
    });
    try {
      if (request.entrypoint.length > 0) sandbox.runEntrypoint(request.entrypoint);
    } catch (error) {
      await sandbox.end(terminated('the command of the sandbox cannot be run'));
      throw error;
    }
    return sandbox;
  }

  async #boot(record: SandboxRecord, image: ImageRecord, request: CreateRequest): Promise<Sandbox> {
    const { containers, log, outputDirectory } = this.#parts;
    const held = await this.#holdFiles(image, request.volumes);
    try {
      const spoolDirectory = join(outputDirectory, record.sandboxId);
      const container = await containers.start(held.paths, held.mounts);
      mkdirSync(spoolDirectory, { recursive: true, mode: 0o700 });
      const env = { ...containers.environment, ...image.env, ...request.env };
      const workdir = request.workdir ?? image.workdir;
      const sandbox = new Sandbox({ record, image, container, env, workdir, spoolDirectory, log });
      this.#sandboxes.set(record.sandboxId, sandbox);
      this.#followToItsEnd(sandbox, held.release);
      return sandbox;
    } catch (error) {
      await held.release();
      if (!(error instanceof MountRefused)) throw error;
      // A volume that was deleted meanwhile is not found, whatever the mount made of it.
      for (const { volumeId } of request.volumes) this.#parts.volumes.require(volumeId);
      throw new RpcError('FAILED_PRECONDITION', error.message);
    }
  }

  async #holdFiles(image: ImageRecord, volumes: readonly VolumeMount[]): Promise<HeldFiles> {
    const { paths, release } = this.#parts.images.hold(image);
    try {
      const mounted = await mountVolumes(this.#parts.volumes, volumes);
      const releaseBoth = async () => {
        await mounted.release();
        await release();
      };
      return { paths, mounts: mounted.mounts, release: releaseBoth };
    } catch (error) {
      await release();
      throw error;
    }
  }

  record(sandboxId: string): SandboxRecord {
    const record = this.#parts.records.find(sandboxId);
    if (record === undefined) throw notFound(`Sandbox ${sandboxId} not found`);
    return record;
  }

  findByTask(taskId: string): Sandbox | undefined {
    const record = this.#parts.records.findByTask(taskId);
    return record === undefined ? undefined : this.#sandboxes.get(record.sandboxId);
  }

  newestFirst(): SandboxRecord[] {
    return this.#parts.records.newestFirst();
  }

  findByName(appId: string, name: string, includeTerminated: boolean): SandboxRecord | undefined {
    const named = this.newestFirst().filter((record) => record.appId === appId && record.name === name);
    return named.find((record) => record.result === null) ?? (includeTerminated ? named[0] : undefined);
  }

  setName(record: SandboxRecord, name: string): void {
    if (record.result !== null)
      throw new RpcError('FAILED_PRECONDITION', 'the sandbox is not running any more');
    if (record.name !== null) throw new RpcError('FAILED_PRECONDITION', 'the sandbox already has a name');
    this.#refuseTakenName(record.appId, name);
    record.name = name;
    this.#parts.records.save(record);
  }

  setTags(record: SandboxRecord, tags: Record<string, string>): void {
    record.tags = tags;
    this.#parts.records.save(record);
  }

  /** Ends the sandbox as a failing machine would: nobody asked for it. Resolves when it has ended. */
  async kill(sandboxId: string): Promise<void> {
    this.record(sandboxId);
    const sandbox = await this.started(sandboxId);
    if (sandbox === undefined || sandbox.isEnding) return;
    sandbox.container.kill();
    await sandbox.ended;
  }

  /** Ends every sandbox and waits until nothing of them is left. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#starting.values());
    const running = [...this.#sandboxes.values()];
    await Promise.all(running.map(async (sandbox) => sandbox.end(terminated('Local Modal was closed'))));
    await Promise.all(this.#cleanUps);
    for (const sandbox of this.#sandboxes.values()) await this.#forgetOutput(sandbox);
  }

  #followToItsEnd(sandbox: Sandbox, release: () => Promise<void>): void {
    const cleanUp = this.#cleanUp(sandbox, release).catch((error: unknown) => {
      // For example a full disk; the next start clears up.
      this.#parts.log(`clearing up after sandbox ${sandbox.record.sandboxId} failed: ${String(error)}`);
    });
    this.#cleanUps.add(cleanUp);
    void cleanUp.then(() => {
      this.#cleanUps.delete(cleanUp);
      setTimeout(() => void this.#forgetOutput(sandbox), outputKeptMs).unref();
    });
  }

  async #cleanUp(sandbox: Sandbox, release: () => Promise<void>): Promise<void> {
    await sandbox.ended;
    this.#parts.records.save(sandbox.record);
    await sandbox.settled();
    await sandbox.container.removeFiles();
    await release();
  }

  async #forgetOutput(sandbox: Sandbox): Promise<void> {
    if (!this.#sandboxes.delete(sandbox.record.sandboxId)) return;
    sandbox.discard();
    await removeTrees(join(this.#parts.outputDirectory, sandbox.record.sandboxId));
  }

  #newRecord(request: CreateRequest): SandboxRecord {
    // Strictly increasing, so that a list continued "before" a sandbox neither repeats nor skips one.
    this.#lastCreatedAtSeconds = Math.max(Date.now() / 1000, this.#lastCreatedAtSeconds + 0.000_1);
    const { appId, imageId, name, tags, timeoutSeconds, idleTimeoutSeconds } = request;
    const createdAtSeconds = this.#lastCreatedAtSeconds;
    const ids = { sandboxId: newSandboxId(), taskId: newTaskId() };
    return {
      ...ids,
      appId,
      imageId,
      name,
      tags,
      timeoutSeconds,
      idleTimeoutSeconds,
      createdAtSeconds,
      result: null,
    };
  }

  #refuseTakenName(appId: string, name: string): void {
    if (this.findByName(appId, name, false) !== undefined) {
      throw new RpcError('ALREADY_EXISTS', `Sandbox with name '${name}' already exists`);
    }
  }
}
