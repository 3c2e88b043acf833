/** The layers that images consist of, as directories. */
import { existsSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { randomText } from '../disk/ids.ts';
import { removeTrees, runTool, ToolFailed } from '../container/host-process.ts';
import type { DebianRoot, DebianRoots } from './debian-root.ts';

const rootPrefix = 'root:';

/**
 * Overlay layers on disk, immutable once they are here. A layer is named in image records; the root layers among them lie in the cache of
 * Debian roots and are only referred to.
 */
export class Layers {
  readonly #directory: string;
  readonly #roots: DebianRoots;
  /** Made, but not yet part of an image record: not to be collected. */
  readonly #fresh = new Set<string>();

  constructor(directory: string, roots: DebianRoots) {
    this.#directory = directory;
    this.#roots = roots;
  }

  static idOfRoot(root: DebianRoot): string {
    return `${rootPrefix}${root.name}:${root.instance}`;
  }

  /** Undefined when the layer is gone (the cache of roots was emptied). */
  pathOf(layer: string): string | undefined {
    if (layer.startsWith(rootPrefix)) {
      const [, name = '', instance] = layer.split(':');
      const root = this.#roots.find(name);
      return root?.instance === instance ? root?.path : undefined;
    }
    const path = join(this.#directory, layer);
    return existsSync(path) ? path : undefined;
  }

  /** Takes the upper directory of a container that has ended as a new layer; undefined when nothing was written. */
  async adopt(upperDirectory: string): Promise<string | undefined> {
    if (readdirSync(upperDirectory).length === 0) return undefined;
    const layer = this.#newName();
    renameSync(upperDirectory, join(this.#directory, layer));
    // The container wrote without any fsync.
    await runTool('sync', ['-f', join(this.#directory, layer)]);
    return layer;
  }

  /** Copies the upper directory of a running container as a new layer, whiteouts and opaque markers included. */
  async copyDiff(upperDirectory: string): Promise<string | undefined> {
    if (readdirSync(upperDirectory).length === 0) return undefined;
    return this.#copy(upperDirectory, ['-a']);
  }

  /** Copies everything a container sees as one whole layer; what is mounted in it (/proc, /dev, /run) stays out. */
  async copyWhole(rootDirectory: string): Promise<string> {
    return this.#copy(rootDirectory, ['-a', '-x']);
  }

  /** Says that an image record names these layers now. */
  recorded(layers: readonly string[]): void {
    for (const layer of layers) this.#fresh.delete(layer);
  }

  /** Deletes the layers that nothing uses, and what an interrupted copy left. */
  async collect(used: ReadonlySet<string>): Promise<void> {
    const unused = readdirSync(this.#directory).filter((name) => !used.has(name) && !this.#fresh.has(name));
    await removeTrees(...unused.map((name) => join(this.#directory, name)));
  }

  async #copy(source: string, options: readonly string[]): Promise<string> {
    const part = mkdtempSync(join(this.#directory, 'part-'));
    this.#fresh.add(basename(part));
    try {
      await runTool('cp', [...options, '--reflink=auto', '-T', `${source}/.`, part]).catch(tolerateVanished);
      const layer = this.#newName();
      renameSync(part, join(this.#directory, layer));
      return layer;
    } catch (error) {
      await removeTrees(part);
      throw error;
    } finally {
      this.#fresh.delete(basename(part));
    }
  }

  #newName(): string {
    const name = `la-${randomText(22)}`;
    this.#fresh.add(name);
    return name;
  }
}

/** A running sandbox may delete files while they are copied; they are then as if deleted a moment earlier. */
function tolerateVanished(error: unknown): void {
  const vanished = /No such file or directory$|Stale file handle$/;
  const harmless =
    error instanceof ToolFailed &&
    error.stderr
      .trim()
      .split('\n')
      .every((line) => vanished.test(line));
  if (!harmless) throw error;
}
