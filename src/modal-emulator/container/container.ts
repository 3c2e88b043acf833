/**
 * A container: the namespaces and the overlay root that a sandbox, or one RUN of an image build, lives in.
 *
 * B1  Everything in a container ends with its PID 1, and PID 1 ends with this process: unshare dies with its parent (--pdeathsig), PID 1 dies
 *     with unshare (--kill-child).
 * B2  No mount of a container exists outside its own mount namespace.
 * B3  `ended` resolves only when every process of the container is reaped, so its files may then be moved or deleted.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeJsonFile } from '../disk/json-file.ts';
import { makeContainerFiles } from './container-files.ts';
import { ContainerProcess, type ProcessOptions } from './container-process.ts';
import type { Fifos } from './fifos.ts';
import {
  identifyProcess,
  isRunning,
  removeTrees,
  signalIfThere,
  type ProcessIdentity,
} from './host-process.ts';
import { toolEnvironment, toolPath } from './tools.ts';

const bootScript = join(import.meta.dirname, 'boot.sh');

/** Names PID 1 of a container in its directory, for whoever finds the directory later. */
export const initFile = 'init.json';

/** A directory of this machine that a container sees. */
export type ContainerMount = {
  /** Absolute, without links: nobody but this process changes what leads there. */
  source: string;
  /**
   * Of the directory that is mounted, from `source` on, without `.`, `..` and links; empty for all of it. Made where it is missing. Other
   * containers may change what leads there at any moment: it is never followed out of `source`.
   */
  subPath: string;
  /** Absolute, in the container: empty there, or made. */
  target: string;
  readOnly: boolean;
};

/** The place in the container's image is not one to mount at, or the directory is not one to mount. */
export class MountRefused extends Error {
  override readonly name = 'MountRefused';
}

export type ContainerOptions = {
  /** A directory of its own, made here and removed by `removeFiles`. */
  directory: string;
  /** Absolute paths, newest first; the last one is a whole root file system. */
  layers: readonly string[];
  mounts: readonly ContainerMount[];
  deviceTemplate: string;
  caBundle: string | undefined;
  fifos: Fifos;
};

export class Container {
  readonly directory: string;
  /** What the container writes over its layers: the diff. */
  readonly upperDirectory: string;
  readonly init: ProcessIdentity;
  readonly ended: Promise<void>;
  readonly #fifos: Fifos;
  #isEnding = false;

  private constructor(options: ContainerOptions, init: ProcessIdentity, unshare: ChildProcess) {
    this.directory = options.directory;
    this.upperDirectory = join(options.directory, 'up');
    this.init = init;
    this.#fifos = options.fifos;
    this.ended = once(unshare, 'exit').then(() => {
      this.#isEnding = true;
    });
  }

  /** Boots in 30 to 90 ms; copies nothing. Rejects with what the boot script complained about. */
  static async start(options: ContainerOptions): Promise<Container> {
    const names = makeContainerFiles(options.directory, options.layers, options.caBundle);
    const namespaces = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
    const init = [
      toolPath('sh'),
      '-e',
      bootScript,
      options.directory,
      names.join(':'),
      options.deviceTemplate,
      ...options.mounts.flatMap((mount) => [
        mount.source,
        mount.subPath,
        mount.target,
        mount.readOnly ? 'ro' : 'rw',
      ]),
    ];
    const unshare = spawn(
      toolPath('setpriv'),
      ['--pdeathsig', 'KILL', toolPath('unshare'), ...namespaces, ...init],
      // Detached: a Ctrl-C meant for the emulator must not reach the containers before it has ended them in order.
      { stdio: ['ignore', 'pipe', 'pipe'], env: toolEnvironment, cwd: '/', detached: true },
    );
    try {
      const pid = await firstReport(unshare);
      const identity = identifyProcess(pid);
      if (identity === undefined) throw new Error('the container ended while it was booting');
      writeJsonFile(join(options.directory, initFile), identity);
      return new Container(options, identity, unshare);
    } catch (error) {
      unshare.kill('SIGKILL');
      await removeTrees(options.directory);
      throw error;
    }
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Starts a process beside PID 1, as the leader of a session and process group of its own. */
  run(options: ProcessOptions): ContainerProcess {
    return new ContainerProcess({ ...options, init: this.init, fifos: this.#fifos, container: this });
  }

  /** Kills everything in the container and resolves when it is reaped. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.kill();
    await this.ended;
  }

  /** Kills everything in the container; unlike `end` without anyone expecting it. */
  kill(): void {
    if (isRunning(this.init)) signalIfThere(this.init.pid, 'SIGKILL');
  }

  /** For a container that has ended. */
  async removeFiles(): Promise<void> {
    await removeTrees(this.directory);
  }
}

/** The boot script reports "ready" with the number of PID 1 as this machine sees it, or "refused" with the reason. */
async function firstReport(unshare: ChildProcess): Promise<number> {
  if (unshare.stdout === null || unshare.stderr === null) throw new Error('spawned without pipes');
  let complaint = '';
  unshare.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const lines = createInterface({ input: unshare.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(unshare, 'close').then(() => [`the container did not boot: ${complaint.trim()}`]),
  ]);
  const refusal = /^refused (.*)$/.exec(String(line))?.[1];
  if (refusal !== undefined) throw new MountRefused(refusal);
  const pid = /^ready (\d+)$/.exec(String(line))?.[1];
  if (pid === undefined) throw new Error(String(line));
  return Number(pid);
}
