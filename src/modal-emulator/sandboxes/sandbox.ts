/**
 * A running sandbox: its container, its execs, its entrypoint and its time limits.
 *
 * S1  The first cause of its end is its result; later ones change nothing.
 * S2  The result is visible only when every process of the sandbox is reaped.
 * S3  The entrypoint is an exec beside PID 1 whose end ends the sandbox.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '../container/container.ts';
import { CommandRefused } from '../container/container-process.ts';
import type { ImageRecord } from '../images/image-store.ts';
import { invalid, notFound } from '../rpc/rpc-error.ts';
import { Activity } from './activity.ts';
import { startExec, type Exec, type ExecRequest } from './exec.ts';
import { idledOut, ofEntrypoint, terminated, timedOut, type SandboxResult } from './result.ts';
import type { SandboxRecord } from './sandbox-record.ts';
import { startTimer } from './timer.ts';

/** How many ended execs of a sandbox can still be asked about. */
const rememberedExecs = 1000;
/** In which the end of the whole container becomes known after the kill of its entrypoint. */
const containerEndGraceMs = 300;
const containerEndLimitMs = 15_000;

export type SandboxParts = {
  record: SandboxRecord;
  image: ImageRecord;
  container: Container;
  /** Of every process: the host's, the image's and the sandbox's own, in that order. */
  env: Readonly<Record<string, string>>;
  workdir: string;
  spoolDirectory: string;
  log: (line: string) => void;
};

export class Sandbox {
  readonly record: SandboxRecord;
  readonly image: ImageRecord;
  readonly container: Container;
  readonly #parts: SandboxParts;
  readonly #activity: Activity;
  readonly #execs = new Map<string, Exec>();
  readonly #ended = Promise.withResolvers<SandboxResult>();
  readonly #snapshots = new Map<string, Promise<string>>();
  #entrypoint: Exec | undefined;
  #cause: SandboxResult | undefined;

  constructor(parts: SandboxParts) {
    this.#parts = parts;
    this.record = parts.record;
    this.image = parts.image;
    this.container = parts.container;
    this.#activity = new Activity(
      parts.record.idleTimeoutSeconds ?? undefined,
      () => void this.end(idledOut()),
    );
    const lifetime = startTimer(parts.record.timeoutSeconds, () => void this.end(timedOut()));
    void this.container.ended.then(async () => {
      clearTimeout(lifetime);
      await this.end(terminated('the sandbox was killed'));
    });
  }

  /** Resolves when every process is gone. */
  get ended(): Promise<SandboxResult> {
    return this.#ended.promise;
  }

  get isEnding(): boolean {
    return this.#cause !== undefined || this.container.isEnding;
  }

  requireRunning(): void {
    if (this.isEnding) throw notFound(`sandbox ${this.record.sandboxId} has ended`);
  }

  runEntrypoint(argv: readonly string[]): void {
    const entrypoint = this.#start({ argv, env: {}, execId: 'entrypoint' });
    this.#entrypoint = entrypoint;
    void entrypoint.exited.then(async (exit) => {
      if ('signal' in exit) await Promise.race([this.container.ended, sleep(containerEndGraceMs)]);
      if (!this.isEnding) await this.end(ofEntrypoint(exit));
    });
  }

  /** A second start under the same id changes nothing. */
  startExec(request: ExecRequest): Exec {
    const existing = this.#execs.get(request.execId);
    if (existing !== undefined) return existing;
    this.requireRunning();
    const exec = this.#start(request);
    this.#activity.began();
    this.#execs.set(request.execId, exec);
    void exec.exited.then(() => {
      this.#activity.ended();
      this.#forgetOldExecs();
    });
    return exec;
  }

  exec(execId: string): Exec {
    const exec = this.#execs.get(execId);
    if (exec === undefined) throw notFound(`exec ${execId} not found in sandbox ${this.record.sandboxId}`);
    return exec;
  }

  /** Undefined for a sandbox that was created without a command. */
  get entrypoint(): Exec | undefined {
    return this.#entrypoint;
  }

  touch(): void {
    this.#activity.touch();
  }

  /** Ends the sandbox for this cause, unless it has another already. Resolves to its result. */
  async end(cause: SandboxResult): Promise<SandboxResult> {
    if (this.#cause === undefined) {
      this.#cause = cause;
      this.#activity.stop();
      await this.#endContainer();
      await Promise.all(this.#allExecs().map(async (exec) => exec.exited));
      this.record.result = cause;
      this.#ended.resolve(cause);
    }
    return this.#ended.promise;
  }

  /** Makes an image of the sandbox's files; a repeated request under the same id gets the same image. */
  async snapshot(snapshotId: string, take: () => Promise<string>): Promise<string> {
    const existing = this.#snapshots.get(snapshotId);
    if (existing !== undefined) return existing;
    this.requireRunning();
    const snapshot = take();
    this.#snapshots.set(snapshotId, snapshot);
    snapshot.catch(() => this.#snapshots.delete(snapshotId));
    return snapshot;
  }

  /** Resolves when nothing reads the sandbox's files any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#snapshots.values());
  }

  /** Forgets all output. */
  discard(): void {
    for (const exec of this.#allExecs()) exec.discard();
  }

  /** A process that the kernel cannot end must not hold up the sandbox's end for ever. */
  async #endContainer(): Promise<void> {
    const inTime = await Promise.race([
      this.container.end().then(() => true),
      sleep(containerEndLimitMs, false, { ref: false }),
    ]);
    if (!inTime)
      this.#parts.log(`sandbox ${this.record.sandboxId} did not end within ${containerEndLimitMs} ms`);
  }

  #start(request: ExecRequest): Exec {
    const { env, workdir, spoolDirectory } = this.#parts;
    try {
      return startExec(this.container, {
        ...request,
        env: { ...env, ...request.env },
        workdir: request.workdir ?? workdir,
        spoolPath: join(spoolDirectory, request.execId),
      });
    } catch (error) {
      throw error instanceof CommandRefused ? invalid(`the command cannot be run: ${error.message}`) : error;
    }
  }

  #allExecs(): Exec[] {
    return [...this.#execs.values(), ...(this.#entrypoint === undefined ? [] : [this.#entrypoint])];
  }

  #forgetOldExecs(): void {
    if (this.#execs.size <= rememberedExecs) return;
    for (const [execId, exec] of this.#execs) {
      if (exec.exit === undefined) continue;
      exec.discard();
      this.#execs.delete(execId);
      return;
    }
  }
}
