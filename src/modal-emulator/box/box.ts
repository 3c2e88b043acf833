/**
 * A box: the namespaces and the overlay root that a sandbox, or one RUN of an image build, lives in.
 *
 * B1  Everything in a box ends with its PID 1, and PID 1 ends with this process: unshare dies with its parent (--pdeathsig), PID 1 dies
 *     with unshare (--kill-child).
 * B2  No mount of a box exists outside its own mount namespace.
 * B3  `ended` resolves only when every process of the box is reaped, so its files may then be moved or deleted.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeJsonFile } from '../disk/json-file.ts';
import { makeBoxFiles } from './box-files.ts';
import { BoxProcess, type ProcessOptions } from './box-process.ts';
import type { Fifos } from './fifos.ts';
import {
  identifyProcess,
  isRunning,
  removeTrees,
  signalIfThere,
  type ProcessIdentity,
} from './host-process.ts';
import { TOOL_ENVIRONMENT, toolPath } from './tools.ts';

const BOOT_SCRIPT = join(import.meta.dirname, 'boot.sh');

/** Names PID 1 of a box in its directory, for whoever finds the directory later. */
export const INIT_FILE = 'init.json';

export type BoxOptions = {
  /** A directory of its own, made here and removed by `removeFiles`. */
  directory: string;
  /** Absolute paths, newest first; the last one is a whole root file system. */
  layers: readonly string[];
  deviceTemplate: string;
  caBundle: string | undefined;
  fifos: Fifos;
};

export class Box {
  readonly directory: string;
  /** What the box writes over its layers: the diff. */
  readonly upperDirectory: string;
  readonly init: ProcessIdentity;
  readonly ended: Promise<void>;
  readonly #fifos: Fifos;
  #isEnding = false;

  private constructor(options: BoxOptions, init: ProcessIdentity, unshare: ChildProcess) {
    this.directory = options.directory;
    this.upperDirectory = join(options.directory, 'up');
    this.init = init;
    this.#fifos = options.fifos;
    this.ended = once(unshare, 'exit').then(() => {
      this.#isEnding = true;
    });
  }

  /** Boots in 30 to 90 ms; copies nothing. Rejects with what the boot script complained about. */
  static async start(options: BoxOptions): Promise<Box> {
    const names = makeBoxFiles(options.directory, options.layers, options.caBundle);
    const namespaces = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
    const init = [
      toolPath('sh'),
      '-e',
      BOOT_SCRIPT,
      options.directory,
      names.join(':'),
      options.deviceTemplate,
    ];
    const unshare = spawn(
      toolPath('setpriv'),
      ['--pdeathsig', 'KILL', toolPath('unshare'), ...namespaces, ...init],
      // Detached: a Ctrl-C meant for the emulator must not reach the boxes before it has ended them in order.
      { stdio: ['ignore', 'pipe', 'pipe'], env: TOOL_ENVIRONMENT, cwd: '/', detached: true },
    );
    try {
      const pid = await firstReport(unshare);
      const identity = identifyProcess(pid);
      if (identity === undefined) throw new Error('the box ended while it was booting');
      writeJsonFile(join(options.directory, INIT_FILE), identity);
      return new Box(options, identity, unshare);
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
  run(options: ProcessOptions): BoxProcess {
    return new BoxProcess({ ...options, init: this.init, fifos: this.#fifos, box: this });
  }

  /** Kills everything in the box and resolves when it is reaped. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.kill();
    await this.ended;
  }

  /** Kills everything in the box; unlike `end` without anyone expecting it. */
  kill(): void {
    if (isRunning(this.init)) signalIfThere(this.init.pid, 'SIGKILL');
  }

  /** For a box that has ended. */
  async removeFiles(): Promise<void> {
    await removeTrees(this.directory);
  }
}

/** The boot script reports "ready" with the number of PID 1 as this machine sees it. */
async function firstReport(unshare: ChildProcess): Promise<number> {
  if (unshare.stdout === null || unshare.stderr === null) throw new Error('spawned without pipes');
  let complaint = '';
  unshare.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const lines = createInterface({ input: unshare.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(unshare, 'close').then(() => [`the box did not boot: ${complaint.trim()}`]),
  ]);
  const pid = /^ready (\d+)$/.exec(String(line))?.[1];
  if (pid === undefined) throw new Error(String(line));
  return Number(pid);
}
