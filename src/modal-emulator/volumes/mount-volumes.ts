/** From the volumes that a sandbox asks for to directories that its container mounts. */
import type { ContainerMount } from '../container/container.ts';
import type { VolumeStore } from './volume-store.ts';

export type VolumeMount = {
  volumeId: string;
  /** Absolute and canonical, in the sandbox. */
  mountPath: string;
  readOnly: boolean;
  /** The names from the volume's root to the directory that is mounted, made when it is missing; none for the whole. */
  subPath: readonly string[];
};

/** What the mounts show stays there until it is released. */
export async function mountVolumes(
  store: VolumeStore,
  wanted: readonly VolumeMount[],
): Promise<{ mounts: ContainerMount[]; release: () => Promise<void> }> {
  const holds: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(holds.map(async (each) => each()));
  };
  try {
    const mounts = wanted.map(({ volumeId, mountPath, readOnly, subPath }) => {
      const held = store.hold(volumeId);
      holds.push(held.release);
      return { source: held.files, subPath: subPath.join('/'), target: mountPath, readOnly };
    });
    return { mounts, release };
  } catch (error) {
    await release();
    throw error;
  }
}
