/** One process in a container: its streams, its end and how it is killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fifos } from './fifos.ts';
import { childrenOf, signalIfThere, type ProcessIdentity } from './host-process.ts';
import { OutputLog } from './output-log.ts';
import { StdinPipe } from './stdin-pipe.ts';
import { toolPath } from './tools.ts';

/** How a process ended. A signal is never an exit code (I10). */
export type ExitStatus = { code: number } | { signal: number };

export type ProcessOptions = {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Absolute, inside the container. */
  workdir: string;
  ignoreStdout?: boolean;
  ignoreStderr?: boolean;
  /** Where output goes that does not fit into memory; two files are named after it. */
  spoolPath: string;
};

type Surroundings = {
  init: ProcessIdentity;
  fifos: Fifos;
  container: { readonly isEnding: boolean };
};

/** The system does not take this command (too long an argument, a NUL in it). */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
}

/** A background process may keep the streams of an ended one open; so long it is waited for output that was on its way. */
const outputGraceMs = 100;

export class ContainerProcess {
  readonly stdout: OutputLog;
  readonly stderr: OutputLog;
  readonly stdin: StdinPipe;
  readonly exited: Promise<ExitStatus>;
  #exit: ExitStatus | undefined;
  readonly #nsenter: ChildProcess;

  constructor(options: ProcessOptions & Surroundings) {
    const stdin = options.fifos.openInput();
    const stdout = options.ignoreStdout === true ? openNothing() : options.fifos.openOutput();
    const stderr = options.ignoreStderr === true ? openNothing() : options.fifos.openOutput();
    try {
      this.#nsenter = spawnInContainer(options, [stdin.far, stdout.far, stderr.far]);
    } catch (error) {
      for (const { near } of [stdin, stdout, stderr]) if (near !== undefined) closeSync(near);
      throw new CommandRefused(error instanceof Error ? error.message : String(error));
    } finally {
      for (const { far } of [stdin, stdout, stderr]) closeSync(far);
    }
    this.stdin = new StdinPipe(stdin.near);
    this.stdout = new OutputLog(`${options.spoolPath}.out`);
    this.stderr = new OutputLog(`${options.spoolPath}.err`);
    this.exited = exitOf(this.#nsenter, options.container).then((status) => {
      this.#exit = status;
      this.stdin.abandon();
      return status;
    });
    collect(stdout.near, this.stdout, this.exited);
    collect(stderr.near, this.stderr, this.exited);
  }

  /** Undefined while the process runs. */
  get exit(): ExitStatus | undefined {
    return this.#exit;
  }

  /** Kills the whole process group. */
  kill(): void {
    const nsenter = this.#nsenter.pid;
    if (this.#exit !== undefined || nsenter === undefined) return;
    const [leader] = childrenOf(nsenter);
    // Without a child nsenter is still entering; then it is the process.
    signalIfThere(leader === undefined ? nsenter : -leader, 'SIGKILL');
    if (leader !== undefined) signalIfThere(leader, 'SIGKILL');
  }

  /** Forgets the output. */
  discard(): void {
    this.stdout.discard();
    this.stderr.discard();
  }
}

function spawnInContainer(options: ProcessOptions & Surroundings, stdio: number[]): ChildProcess {
  const enter = ['-t', String(options.init.pid), '-m', '-p', '-i', '-u', '-r', '-w', '--'];
  const apart = ['/usr/bin/setsid', '/usr/bin/env', '-C', options.workdir, '--'];
  return spawn(toolPath('nsenter'), [...enter, ...apart, ...options.argv], {
    stdio,
    env: options.env,
    cwd: '/',
    detached: true,
  });
}

function openNothing(): { near: undefined; far: number } {
  return { near: undefined, far: openSync('/dev/null', 'w') };
}

async function exitOf(nsenter: ChildProcess, container: { readonly isEnding: boolean }): Promise<ExitStatus> {
  return new Promise((resolve) => {
    // The machine cannot start another process; what a shell answers when it cannot run a command.
    nsenter.once('error', () => resolve({ code: 126 }));
    nsenter.once('exit', (code, signal) => {
      if (signal !== null) resolve({ signal: constants.signals[signal] });
      // It could not enter any more: that is the end of the container, not an exit code of the program.
      else if (code === 1 && container.isEnding) resolve({ signal: constants.signals.SIGKILL });
      else resolve({ code: code ?? 1 });
    });
  });
}

function collect(fd: number | undefined, log: OutputLog, exited: Promise<unknown>): void {
  if (fd === undefined) {
    log.end();
    return;
  }
  const pipe = new Socket({ fd, readable: true, writable: false });
  let lastDataMs = 0;
  pipe.on('data', (data) => {
    lastDataMs = Date.now();
    log.append(data);
  });
  pipe.on('error', () => log.end());
  pipe.on('close', () => log.end());
  void exited.then(async () => {
    do await sleep(outputGraceMs);
    while (!log.isEnded && Date.now() - lastDataMs < outputGraceMs);
    // Still read (into nothing) afterwards, so that the background process is not killed by SIGPIPE.
    log.end();
  });
}
