/**
 * What the bench measures on: an embedded stack of its own, the scripted model behind the relay, a small repository, and
 * workers on demand. Everything is ended and removed with it, in reverse order; what a kill of the bench itself leaves is
 * its directory in the cache.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Harvest } from '../src/client.ts';
import type { Session } from '../src/client.ts';
import { defaultTaskQueue } from '../src/contracts/names.ts';
import { createDemoRepository } from '../src/dev/demo-repository/create.ts';
import { startGitServer } from '../src/dev/git-server/server.ts';
import { startScriptedModel } from '../src/dev/scripted-model/server.ts';
import { startStack } from '../src/dev/stack/stack.ts';
import type { Stack } from '../src/dev/stack/stack.ts';
import { startTemporalServer } from '../src/dev/temporal/server.ts';
import { startWorkerProcess } from '../src/dev/stack/worker-process.ts';
import type { StackWorker } from '../src/dev/stack/worker-process.ts';
import type { Sandbox } from '../src/sandbox/provider.ts';
import { startEmissionRelay } from './emission-relay.ts';
import type { EmissionRelay } from './emission-relay.ts';

const repositoryName = 'durations';
export const repositoryFolder = `/workspace/${repositoryName}`;

export type Scene = {
  relay: EmissionRelay;
  /** What the scripted model wants. */
  credential: string;
  temporal: Client;
  /** Connects a client; another task queue has other workers, another server other sessions. */
  connect(taskQueue?: string, server?: TemporalAddress): Promise<Harvest>;
  startWorker(taskQueue?: string, server?: TemporalAddress): Promise<StackWorker>;
  /** A second Temporal server, as everybody has it: without what the embedded one is told to do sooner. */
  startStockTemporal(): Promise<StockTemporal>;
  newSession(harvest: Harvest): Promise<Session>;
  /** The session's running sandbox, past Harvest. */
  sandboxOf(session: Session): Promise<Sandbox>;
  log(line: string): void;
  close(): Promise<void>;
};

export type TemporalAddress = { address: string; namespace: string };

type StockTemporal = TemporalAddress & { client: Client; stop(): Promise<void> };

export async function openScene(cacheDirectory: string, log: (line: string) => void): Promise<Scene> {
  // Beside the caches: layers of the base image can be linked then instead of copied.
  await mkdir(cacheDirectory, { recursive: true });
  const directory = await mkdtemp(join(cacheDirectory, 'bench-'));
  await using started = new AsyncDisposableStack();
  const keep = <T>(part: T, end: (part: T) => Promise<unknown>): T => {
    started.defer(async () => void (await end(part)));
    return part;
  };
  keep(directory, async (path) => rm(path, { recursive: true, force: true }));
  await mkdir(join(directory, 'git'));
  const credential = `scripted-${randomBytes(16).toString('hex')}`;
  const model = keep(await startScriptedModel({ credential }), async (part) => part.close());
  const relay = keep(await startEmissionRelay(model.url), async (part) => part.close());
  const stack = keep(await startBenchStack({ cacheDirectory, directory, log }), async (part) => part.close());
  await createDemoRepository({ directory: join(directory, 'git'), name: repositoryName });
  const token = randomBytes(16).toString('hex');
  const git = keep(await startGitServer({ directory: join(directory, 'git'), token }), async (part) =>
    part.close(),
  );
  const { address } = stack.temporal.connectionOptions;
  const { namespace } = stack.temporal;
  const connection = keep(await Connection.connect({ address }), async (part) => part.close());
  const running = started.move();
  return {
    relay,
    credential,
    temporal: new Client({ connection, namespace }),
    connect: async (taskQueue = defaultTaskQueue, server = { address, namespace }) => {
      const harvest = await Harvest.connect({
        temporal: { address: server.address, namespace: server.namespace },
        dataDirectory: directory,
        taskQueue,
      });
      running.defer(async () => harvest.close());
      return harvest;
    },
    startWorker: async (taskQueue = defaultTaskQueue, server = { address, namespace }) => {
      const environment = {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...stack.workerEnvironment,
        TEMPORAL_ADDRESS: server.address,
        TEMPORAL_NAMESPACE: server.namespace,
        HARVEST_DATA_DIR: directory,
        HARVEST_TASK_QUEUE: taskQueue,
        HARVEST_MODEL_URL: relay.url,
      };
      const worker = await startWorkerProcess({ environment, logDirectory: stack.logDirectory });
      running.defer(async () => worker.stop());
      return worker;
    },
    startStockTemporal: async () => {
      const stock = await startStockTemporal(stack, { directory, log });
      running.defer(async () => stock.stop());
      return stock;
    },
    newSession: async (harvest) =>
      harvest.createSession({
        repositories: [{ url: git.cloneUrl(repositoryName), branch: 'main' }],
        user: { name: 'Ada Lovelace', email: 'ada@example.com' },
        credentials: { github: token, claude: credential },
      }),
    sandboxOf: async (session) => {
      const [running] = await stack.modal.provider.list({ session: session.id });
      if (running === undefined) throw new Error(`session ${session.id} has no sandbox`);
      return stack.modal.provider.attach(running.sandboxId);
    },
    log,
    close: async () => running.disposeAsync(),
  };
}

async function startStockTemporal(
  { temporal: { binary }, logDirectory }: Stack,
  { directory, log }: { directory: string; log: (line: string) => void },
): Promise<StockTemporal> {
  if (binary === null) throw new TypeError('the bench has a Temporal server of its own');
  const server = await startTemporalServer({
    binary,
    databaseFile: join(directory, 'stock-temporal.sqlite'),
    logFile: join(logDirectory, 'stock-temporal.log'),
    environment: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stock: true,
    log,
  });
  const { address, namespace } = server;
  const connection = await Connection.connect({ address });
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await connection.close();
    await server.stop();
  };
  return {
    address,
    namespace,
    client: new Client({ connection, namespace }),
    stop: async () => (stopped ??= stop()),
  };
}

/** Always embedded, whatever server or cloud the environment names: figures are to be compared. */
async function startBenchStack(options: {
  cacheDirectory: string;
  directory: string;
  log: (line: string) => void;
}): Promise<Stack> {
  const others = Object.entries(process.env).filter(
    ([name]) => !/^(TEMPORAL|MODAL|HARVEST|ANTHROPIC|CLAUDE)/.test(name),
  );
  return startStack({
    cacheDirectory: options.cacheDirectory,
    dataDirectory: options.directory,
    environment: Object.fromEntries(others),
    // The model is the bench's own: its pieces are timed.
    hasClaudeCredential: true,
    log: options.log,
  });
}
