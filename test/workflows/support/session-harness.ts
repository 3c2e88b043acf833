/** Session workflows on a real Temporal server, with activities that a test scripts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { acquireTemporalBinary } from '../../../src/dev/temporal/acquire.ts';
import { startTemporalServer } from '../../../src/dev/temporal/server.ts';
import type { TemporalServer } from '../../../src/dev/temporal/server.ts';
import { session } from '../../../src/workflows/session.ts';
import { temporalLogger } from '../../support/temporal-log.ts';
import type { ScriptedActivities } from './scripted-activities.ts';

type Options = Parameters<typeof session>[0]['options'];
export type SessionHandle = WorkflowHandleWithFirstExecutionRunId<typeof session>;

export class SessionHarness {
  #directory = '';
  #server: TemporalServer | undefined;
  #client: Client | undefined;
  #native: NativeConnection | undefined;
  #bundle: WorkflowBundleWithSourceMap | undefined;
  #count = 0;
  readonly #historyEvents: number;

  /** Starts with the test file and ends with it. `historyEvents`: after so many a session continues as new. */
  constructor({ historyEvents = 100 } = {}) {
    this.#historyEvents = historyEvents;
    beforeAll(async () => this.#open(), 300_000);
    afterAll(async () => this.#close());
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
    if (this.#native === undefined || this.#bundle === undefined) throw new TypeError('not open yet');
    this.#count += 1;
    const sessionId = `s${this.#count}`;
    const taskQueue = `queue-${this.#count}`;
    const worker = await Worker.create({
      connection: this.#native,
      taskQueue,
      workflowBundle: this.#bundle,
      activities,
      stickyQueueScheduleToStartTimeout: '1s',
    });
    const start = async (): Promise<SessionHandle> =>
      this.client.workflow.start(session, {
        taskQueue,
        workflowId: `session-${sessionId}`,
        workflowTaskTimeout: '5s',
        args: [
          {
            sessionId,
            repositories: [{ url: 'http://127.0.0.1:1/demo.git' }],
            user: { name: 'Ada', email: 'ada@example.com' },
            ...(options === undefined ? {} : { options }),
          },
        ],
      });
    await worker.runUntil(async () => story(await start()));
  }

  async #open(): Promise<void> {
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
    this.#bundle = await bundleWorkflowCode({ workflowsPath, logger: temporalLogger });
  }

  async #close(): Promise<void> {
    await this.#native?.close();
    await this.#client?.connection.close();
    await this.#server?.stop();
    rmSync(this.#directory, { recursive: true, force: true });
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

export function eventTypes(activities: ScriptedActivities): string[] {
  return activities.events.map((event) => event.body.type);
}
