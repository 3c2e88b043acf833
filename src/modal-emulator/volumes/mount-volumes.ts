/** From the volumes that a sandbox asks for to directories that its container mounts. */
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerMount } from '../container/container.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { VolumeStore } from './volume-store.ts';

export type VolumeMount = {
  volumeId: string;
  /** Absolute and canonical, in the sandbox. */
  mountPath: string;
  readOnly: boolean;
  /** The names from the volume's root to the directory that is mounted; none for the whole. */
  subPath: readonly string[];
};

/** Makes missing sub-paths. What the mounts show stays there until it is released. */
export function mountVolumes(
  store: VolumeStore,
  wanted: readonly VolumeMount[],
): { mounts: ContainerMount[]; release: () => Promise<void> } {
  const holds: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(holds.splice(0).map(async (release) => release()));
  };
  try {
    const mounts = wanted.map(({ volumeId, mountPath, readOnly, subPath }) => {
      const held = store.hold(volumeId);
      holds.push(held.release);
      return { source: makeSubPath(held.files, subPath), target: mountPath, readOnly };
    });
    return { mounts, release };
  } catch (error) {
    void release();
    throw error;
  }
}

/** A link would lead out of the volume, on this machine: it is refused here, and by the mount if it comes in between. */
function makeSubPath(files: string, names: readonly string[]): string {
  let path = files;
  for (const name of names) {
    path = join(path, name);
    if (!isDirectory(path, names)) throw refusal(names, 'a part of it is no directory');
  }
  return path;
}

function isDirectory(path: string, names: readonly string[]): boolean {
  try {
    mkdirSync(path);
    chmodSync(path, 0o755);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!exists) throw refusal(names, error instanceof Error ? error.message : String(error));
  }
  return lstatSync(path).isDirectory();
}

function refusal(names: readonly string[], reason: string): RpcError {
  return new RpcError('FAILED_PRECONDITION', `the sub-path ${names.join('/')} cannot be mounted: ${reason}`);
}
