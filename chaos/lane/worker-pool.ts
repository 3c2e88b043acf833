/** The workers of a lane: one is wanted, unless a fault says otherwise. A worker outlives the run that did not kill it. */
import { startWorkerProcess } from '../../src/dev/stack/worker-process.ts';
import type { StackWorker } from '../../src/dev/stack/worker-process.ts';

export type WorkerPoolOptions = {
  program: string;
  environment: Record<string, string | undefined>;
  logDirectory: string;
};

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  #running: StackWorker[] = [];

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** The last lines of every worker that runs. */
  get tail(): string[] {
    return this.#running.flatMap((worker) => worker.tail);
  }

  async start(): Promise<void> {
    this.#running.push(await startWorkerProcess(this.#options));
  }

  /** Starts one if none runs. */
  async ensureOne(): Promise<void> {
    if (this.#running.length === 0) await this.start();
  }

  /** SIGKILL for all of them. */
  async killAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map(async (worker) => worker.kill()));
  }

  /** SIGTERM for the oldest. */
  async stopOldest(): Promise<void> {
    await this.#running.shift()?.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map(async (worker) => worker.stop()));
  }

  signalAll(signal: NodeJS.Signals): void {
    for (const { pid } of this.#running) process.kill(pid, signal);
  }
}
