/**
 * What one test has for itself on the shared stack: a data directory, a task queue, worker processes, a client, and
 * repositories on the git server. Nothing of it is left afterwards.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Harvest } from '../../src/client.ts';
import type { Session } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import { startWorkerProcess } from '../../src/dev/stack/worker-process.ts';
import type { StackWorker } from '../../src/dev/stack/worker-process.ts';
import { createDemoRepository } from '../../src/dev/demo-repository/create.ts';
import { readLog } from './log-checks.ts';
import { sharedStack } from './stack.ts';

export type WorldOptions = {
  /** Another Temporal server than the shared one, for tests that kill it. */
  temporal?: { address: string; namespace: string };
  /** Without a worker, for tests that start theirs later. */
  worker?: boolean;
};

export class World implements AsyncDisposable {
  readonly harvest: Harvest;
  readonly dataDirectory: string;
  readonly taskQueue: string;
  readonly temporal: { address: string; namespace: string };
  readonly workers: StackWorker[] = [];
  readonly #sessions: Session[] = [];

  constructor(parts: Pick<World, 'harvest' | 'dataDirectory' | 'taskQueue' | 'temporal'>) {
    this.harvest = parts.harvest;
    this.dataDirectory = parts.dataDirectory;
    this.taskQueue = parts.taskQueue;
    this.temporal = parts.temporal;
  }

  async startWorker(more: Record<string, string> = {}): Promise<StackWorker> {
    const { modal, model, workflowBundle } = sharedStack();
    const environment = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TEMPORAL_ADDRESS: this.temporal.address,
      TEMPORAL_NAMESPACE: this.temporal.namespace,
      HARVEST_DATA_DIR: this.dataDirectory,
      HARVEST_TASK_QUEUE: this.taskQueue,
      HARVEST_MODEL_URL: model.url,
      HARVEST_WORKFLOW_BUNDLE: workflowBundle,
      MODAL_SERVER_URL: modal.url,
      MODAL_TOKEN_ID: modal.credentials.tokenId,
      MODAL_TOKEN_SECRET: modal.credentials.tokenSecret,
      ...more,
    };
    const worker = await startWorkerProcess({ environment, logDirectory: this.dataDirectory });
    this.workers.push(worker);
    return worker;
  }

  async session(
    options: { repository?: string; options?: Record<string, unknown>; sessionId?: string } = {},
  ): Promise<Session> {
    const { git, model } = sharedStack();
    const session = await this.harvest.createSession({
      ...(options.sessionId === undefined ? {} : { sessionId: options.sessionId }),
      repositories: [{ url: options.repository ?? (await this.repository()), branch: 'main' }],
      user: { name: 'Ada', email: 'ada@example.com' },
      credentials: { github: git.token, claude: model.credential },
      ...(options.options === undefined ? {} : { options: options.options }),
    });
    this.#sessions.push(session);
    return session;
  }

  /** The session's whole Temporal history, as JSON would show it. */
  async history(sessionId: string): Promise<unknown> {
    return this.#temporal(async (client) =>
      client.workflow.getHandle(workflowIdOf(sessionId)).fetchHistory(),
    );
  }

  async historyLength(sessionId: string): Promise<number> {
    return this.#temporal(
      async (client) => (await client.workflow.getHandle(workflowIdOf(sessionId)).describe()).historyLength,
    );
  }

  /** As a caller without our client would. */
  async signal(sessionId: string, name: string, payload: unknown): Promise<void> {
    await this.#temporal(async (client) =>
      client.workflow.getHandle(workflowIdOf(sessionId)).signal(name, payload),
    );
  }

  /** Shown when the test failed. */
  async #tell(): Promise<void> {
    for (const session of this.#sessions) {
      console.log(`events of session ${session.id}:`);
      for (const event of await readLog(session, 300).catch(() => []))
        console.log(JSON.stringify(event).slice(0, 600));
    }
    for (const worker of this.workers) console.log(`worker ${worker.pid}:\n${worker.tail.join('\n')}`);
  }

  async #temporal<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    const connection = await Connection.connect({ address: this.temporal.address });
    try {
      return await ask(new Client({ connection, namespace: this.temporal.namespace }));
    } finally {
      await connection.close();
    }
  }

  /** A fresh demo repository on the shared git server; its URL. */
  async repository(): Promise<string> {
    const { git } = sharedStack();
    const name = `demo-${randomBytes(6).toString('hex')}`;
    await createDemoRepository({ directory: git.directory, name });
    return `${git.url}/${name}.git`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tell();
    if (this.#sessions.length > 0 && this.workers.length > 0) {
      await Promise.all(this.#sessions.map(async (session) => session.terminate().catch(() => undefined)));
    }
    await Promise.all(this.workers.map(async (worker) => worker.stop()));
    await this.harvest.close();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { temporal } = sharedStack();
  const target = options.temporal ?? { address: temporal.address, namespace: temporal.namespace };
  const dataDirectory = await mkdtemp(join(tmpdir(), 'harvest-test-'));
  const taskQueue = `test-${randomBytes(6).toString('hex')}`;
  const harvest = await Harvest.connect({ temporal: target, dataDirectory, taskQueue });
  const world = new World({ harvest, dataDirectory, taskQueue, temporal: target });
  if (options.worker !== false) await world.startWorker();
  return world;
}
