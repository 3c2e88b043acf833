/** Temporal, a store, a client, and a worker for builds that do nothing by themselves: they end with the test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { Harvest } from '../../../src/client.ts';
import type { ConnectOptions } from '../../../src/client.ts';
import { buildOwner, buildWorkflowId } from '../../../src/contracts/ids.ts';
import type { EventBody } from '../../../src/contracts/events.ts';
import type { TemporalServer } from '../../../src/dev/temporal/server.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { temporalLogger } from '../../support/temporal-log.ts';
import { begunSignal, endedSignal } from '../fixtures/build-workflow.ts';
import type { BuildEnd } from '../fixtures/build-workflow.ts';
import { startServerIn } from '../fixtures/temporal-server.ts';

const taskQueue = 'builds';

export class BuildStand {
  readonly directory: string;
  readonly harvest: Harvest;
  readonly store: Store;
  readonly client: Client;
  readonly #temporal: TemporalServer;
  readonly #bundle: WorkflowBundleWithSourceMap;

  static async start(): Promise<BuildStand> {
    const directory = await mkdtemp(join(tmpdir(), 'harvest-builds-'));
    const temporal = await startServerIn(directory);
    const { address } = temporal;
    const workflowsPath = new URL('../fixtures/build-workflow.ts', import.meta.url).pathname;
    return new BuildStand({
      directory,
      temporal,
      harvest: await Harvest.connect({ temporal: { address }, dataDirectory: directory, taskQueue }),
      store: await openStore({ dataDirectory: directory }),
      client: new Client({ connection: await Connection.connect({ address }) }),
      bundle: await bundleWorkflowCode({ workflowsPath, logger: temporalLogger }),
    });
  }

  private constructor(
    parts: Pick<BuildStand, 'directory' | 'harvest' | 'store' | 'client'> & {
      temporal: TemporalServer;
      bundle: WorkflowBundleWithSourceMap;
    },
  ) {
    this.directory = parts.directory;
    this.harvest = parts.harvest;
    this.store = parts.store;
    this.client = parts.client;
    this.#temporal = parts.temporal;
    this.#bundle = parts.bundle;
  }

  async connect(options: Pick<ConnectOptions, 'answerSeconds'> = {}): Promise<Harvest> {
    const { address } = this.#temporal;
    const where = { temporal: { address }, dataDirectory: this.directory, taskQueue };
    return Harvest.connect({ ...where, ...options });
  }

  async withWorker<T>(work: () => Promise<T>): Promise<T> {
    const connection = await NativeConnection.connect({ address: this.#temporal.address });
    try {
      const worker = await Worker.create({ connection, taskQueue, workflowBundle: this.#bundle });
      return await worker.runUntil(work);
    } finally {
      await connection.close();
    }
  }

  /** The build that runs gets its number, and its record in the store. */
  async begin(setId: string): Promise<number> {
    const build = { setId, place: 'here', recipeHash: 'r', setHash: 's' };
    const buildId = `b${Math.random()}`;
    const { number } = await this.store.repoImages.begin({ ...build, buildId });
    await this.workflow(setId).signal(begunSignal, number);
    return number;
  }

  async tell(build: { setId: string; number: number }, ...bodies: EventBody[]): Promise<void> {
    const owner = buildOwner(build);
    const at = new Date().toISOString();
    const first = await this.store.events.lastSeq(owner);
    const events = bodies.map((body, index) => ({ eventId: `e${first + index}`, at, generation: 1, body }));
    await this.store.events.appendOwn(owner, events);
  }

  async end(setId: string, end: BuildEnd): Promise<void> {
    await this.workflow(setId).signal(endedSignal, end);
  }

  workflow(setId: string): WorkflowHandle {
    return this.client.workflow.getHandle(buildWorkflowId(setId));
  }

  async stop(): Promise<void> {
    await this.harvest.close();
    await this.store.close();
    await this.client.connection.close();
    await this.#temporal.kill();
    await rm(this.directory, { recursive: true });
  }
}

export function buildStandOfFile(): () => BuildStand {
  let stand: BuildStand;
  beforeAll(async () => {
    stand = await BuildStand.start();
  });
  afterAll(async () => stand.stop());
  return () => stand;
}
