/** Plays scenarios on real servers and records what became of them. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ExecutionRequest } from '../../../src/contracts/execution.ts';
import { buildWorkflowId, executionOwner, workflowIdOf } from '../../../src/contracts/ids.ts';
import { executeCode } from '../../../src/workflows/execute-code.ts';
import { reapSandboxes } from '../../../src/workflows/reap-sandboxes.ts';
import { scriptedActivities } from '../../workflows/support/scripted-activities.ts';
import { scriptedBuilds } from '../../workflows/support/scripted-builds.ts';
import { SessionServer } from '../../workflows/support/session-server.ts';
import { Caller } from './caller.ts';
import { fetchRuns } from './history-files.ts';
import type { RecordedHistory } from './history-files.ts';
import { activitiesOf } from './scenario.ts';
import type {
  BuildScenario,
  ExecutionScenario,
  ReaperScenario,
  Scenario,
  SessionScenario,
} from './scenario.ts';

/** No story is that long. */
const oneRun = 4_096;

/** Activities that fail belong to the stories. */
const logger = new DefaultLogger('ERROR');
// Once per process, before anything of Temporal's native part is used.
Runtime.install({ logger });

/** One server for each length at which runs follow each other: it is a setting of the server. */
export class Recorder implements AsyncDisposable {
  readonly #servers = new Map<number, SessionServer>();

  async record(name: string, scenario: Scenario): Promise<RecordedHistory> {
    if ('story' in scenario) return this.#recordSession(name, scenario);
    if ('reaper' in scenario) return this.#recordReaper(name, scenario);
    return 'build' in scenario ? this.#recordBuild(name, scenario) : this.#recordExecution(name, scenario);
  }

  async #recordSession(name: string, scenario: SessionScenario): Promise<RecordedHistory> {
    const server = await this.#server(scenario.historyEvents ?? oneRun);
    const activities = activitiesOf(scenario);
    await server.runSession({
      sessionId: name,
      activities,
      request: scenario.request ?? {},
      story: async ({ workflowId }) => scenario.story(new Caller(server.client, workflowId)),
    });
    const emitted = [...new Set(activities.events.map(({ body }) => body.type))].sort();
    return { emitted, runs: await fetchRuns(server.client, workflowIdOf(name)) };
  }

  async #recordReaper(workflowId: string, { reaper }: ReaperScenario): Promise<RecordedHistory> {
    const server = await this.#server(oneRun);
    const taskQueue = `queue-${workflowId}`;
    await server.withWorker({ taskQueue, activities: reaper }, async () => {
      await server.client.workflow.execute(reapSandboxes, { taskQueue, workflowId });
    });
    return { emitted: [], runs: await fetchRuns(server.client, workflowId) };
  }

  /** However it ends. */
  async #recordExecution(executionId: string, scenario: ExecutionScenario): Promise<RecordedHistory> {
    const server = await this.#server(oneRun);
    const workflowId = workflowIdOf(executionOwner(executionId));
    const taskQueue = `queue-${workflowId}`;
    const activities = { ...scriptedActivities(scenario.activities ?? {}), runCode: scenario.code };
    await server.withWorker({ taskQueue, activities }, async () => {
      const args: [ExecutionRequest] = [{ ...scenario.execution, executionId }];
      const handle = await server.client.workflow.start(executeCode, { taskQueue, workflowId, args });
      void scenario.cancelled?.then(async () => handle.cancel());
      await handle.result().catch(() => undefined);
    });
    return { emitted: [], runs: await fetchRuns(server.client, workflowId) };
  }

  /** However it ends. */
  async #recordBuild(setId: string, scenario: BuildScenario): Promise<RecordedHistory> {
    const server = await this.#server(oneRun);
    const workflowId = buildWorkflowId(setId);
    const taskQueue = `queue-${workflowId}`;
    const activities = scriptedBuilds(scenario.build);
    await server.withWorker({ taskQueue, activities }, async () => {
      const args = scenario.workflow === 'buildRepoImage' ? [{ setId }] : [];
      const handle = await server.client.workflow.start(scenario.workflow, { taskQueue, workflowId, args });
      void scenario.cancelled?.then(async () => handle.cancel());
      await handle.result().catch(() => undefined);
    });
    const emitted = [...new Set(activities.events.map(({ body }) => body.type))].sort();
    return { emitted, runs: await fetchRuns(server.client, workflowId) };
  }

  async #server(historyEvents: number): Promise<SessionServer> {
    const known = this.#servers.get(historyEvents);
    if (known !== undefined) return known;
    const server = new SessionServer({ historyEvents, logger });
    this.#servers.set(historyEvents, server);
    await server.open();
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers.values()].map(async (server) => server.close()));
  }
}
