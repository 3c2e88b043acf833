/** Session workflows on a real Temporal server with a limit on their histories, and activities that the caller scripts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { Logger, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { readConfig } from '../../../src/config.ts';
import { workflowIdOf } from '../../../src/contracts/ids.ts';
import { acquireTemporalBinary } from '../../../src/dev/temporal/acquire.ts';
import { startTemporalServer } from '../../../src/dev/temporal/server.ts';
import type { TemporalServer } from '../../../src/dev/temporal/server.ts';
import { session } from '../../../src/workflows/session.ts';
import type { ScriptedActivities } from './scripted-activities.ts';

type Request = Parameters<typeof session>[0];
type Options = NonNullable<Request['options']>;
export type SessionHandle = WorkflowHandleWithFirstExecutionRunId<typeof session>;

export type SessionPlay = {
  sessionId: string;
  activities: ScriptedActivities;
  story: (handle: SessionHandle) => Promise<void>;
  request: Partial<Request>;
};

export class SessionServer {
  #directory = '';
  #server: TemporalServer | undefined;
  #client: Client | undefined;
  #native: NativeConnection | undefined;
  #bundle: WorkflowBundleWithSourceMap | undefined;
  #count = 0;
  readonly #historyEvents: number;
  readonly #logger: Logger;

  /** `historyEvents`: after so many a session continues as new. */
  constructor({ historyEvents, logger }: { historyEvents: number; logger: Logger }) {
    this.#historyEvents = historyEvents;
    this.#logger = logger;
  }

  get client(): Client {
    if (this.#client === undefined) throw new TypeError('not open yet');
    return this.#client;
  }

  /** A new session with a worker of its own, while the story runs. */
  async run(
    activities: ScriptedActivities,
    story: (handle: SessionHandle) => Promise<void>,
    options: Options = {},
  ): Promise<void> {
    this.#count += 1;
    return this.runSession({ sessionId: `s${this.#count}`, activities, story, request: { options } });
  }

  /** The same with whatever else the session's request says. */
  async runSession({ sessionId, activities, story, request }: SessionPlay): Promise<void> {
    const taskQueue = `queue-${sessionId}`;
    const start = async (): Promise<SessionHandle> =>
      this.client.workflow.start(session, {
        taskQueue,
        workflowId: workflowIdOf(sessionId),
        workflowTaskTimeout: '5s',
        args: [
          {
            sessionId,
            repositories: [{ url: 'http://127.0.0.1:1/demo.git' }],
            user: { name: 'Ada', email: 'ada@example.com' },
            ...request,
          },
        ],
      });
    await this.withWorker({ taskQueue, activities }, async () => story(await start()));
  }

  /** A worker of its own for whatever workflow, while the work lasts. */
  async withWorker(
    { taskQueue, activities }: { taskQueue: string; activities: object },
    work: () => Promise<void>,
  ): Promise<void> {
    if (this.#native === undefined || this.#bundle === undefined) throw new TypeError('not open yet');
    const worker = await Worker.create({
      connection: this.#native,
      taskQueue,
      workflowBundle: this.#bundle,
      activities,
      stickyQueueScheduleToStartTimeout: '1s',
    });
    await worker.runUntil(work);
  }

  async open(): Promise<void> {
    this.#directory = mkdtempSync(join(tmpdir(), 'harvest-workflow-'));
    const { cacheDirectory } = readConfig();
    const log = (): void => undefined;
    this.#server = await startTemporalServer({
      binary: await acquireTemporalBinary({ cacheDirectory, environment: process.env, log }),
      environment: process.env,
      // So that a few turns are enough for a new run.
      dynamicConfiguration: { 'limit.historyCount.suggestContinueAsNew': String(this.#historyEvents) },
      log,
      databaseFile: join(this.#directory, 'temporal.db'),
      logFile: join(this.#directory, 'temporal.log'),
    });
    const { address } = this.#server;
    this.#client = new Client({ connection: await Connection.connect({ address }) });
    this.#native = await NativeConnection.connect({ address });
    const workflowsPath = new URL('../../../src/workflows/index.ts', import.meta.url).pathname;
    this.#bundle = await bundleWorkflowCode({ workflowsPath, logger: this.#logger });
  }

  async close(): Promise<void> {
    try {
      // Fails while a worker of a test that was given up still has it.
      await this.#native?.close();
    } finally {
      await this.#client?.connection.close();
      await this.#server?.stop();
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }
}

export async function until<T>(look: () => Promise<T>, good: (seen: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 4_000; tries += 1) {
    const seen = await look();
    if (good(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`still not: ${JSON.stringify(await look())}`);
}
