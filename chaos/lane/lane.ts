/**
 * A lane: everything one run at a time needs, in real processes of its own, so that a fault strikes nobody else: Temporal on
 * its own database, Local Modal, workers, the scripted model, a git server, and the counter of side effects. Runs follow each
 * other in it; one that ends badly takes its lane with it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startGitServer } from '../../src/dev/git-server/server.ts';
import type { GitServer } from '../../src/dev/git-server/server.ts';
import { startScriptedModel } from '../../src/dev/scripted-model/server.ts';
import type { ScriptedModel } from '../../src/dev/scripted-model/server.ts';
import { openModal } from '../../src/dev/stack/modal.ts';
import type { StackModal } from '../../src/dev/stack/modal.ts';
import { acquireTemporalBinary } from '../../src/dev/temporal/acquire.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import type { TemporalServer } from '../../src/dev/temporal/server.ts';
import { createDemoRepository } from '../../src/dev/demo-repository/create.ts';
import { startGatekeeper } from '../points/gatekeeper.ts';
import type { Gatekeeper } from '../points/gatekeeper.ts';
import { startEffectCounter } from './effects.ts';
import type { EffectCounter } from './effects.ts';
import { makeLaneDirectory } from './lane-directory.ts';
import { WorkerPool } from './worker-pool.ts';

export type Lane = {
  /** Of everything below it; nothing of it is left after `close`. */
  directory: string;
  /** Of client and worker: the store. On a small file system of its own, which a fault can fill. */
  dataDirectory: string;
  containersDirectory: string;
  /** Directories of the base image, as they were before any run. */
  baseLayers: ReadonlySet<string>;
  temporal: TemporalServer;
  client: Client;
  modal: { url: string; strike(fault: Record<string, unknown>): Promise<void> };
  model: ScriptedModel;
  git: GitServer & { directory: string };
  effects: EffectCounter;
  gatekeeper: Gatekeeper;
  workers: WorkerPool;
  /** Canaries: real credentials here, to be found nowhere else. */
  credentials: { github: string; claude: string };
  taskQueue: string;
  close(): Promise<void>;
};

export type LaneOptions = {
  cacheDirectory: string;
  workflowBundle: string;
  /** The worker's main module. */
  workerProgram: string;
  /** Temporal suggests continue-as-new after so many events. */
  historyEvents?: number;
  log: (line: string) => void;
};

/** The name of the bare repository that every run copies. */
export const templateRepository = 'template';

export async function openLane(options: LaneOptions): Promise<Lane> {
  const { cacheDirectory, log } = options;
  await using started = new AsyncDisposableStack();
  const keep = <T>(part: T, end: (part: T) => Promise<unknown>): T => {
    started.defer(async () => void (await end(part)));
    return part;
  };
  const place = keep(await makeLaneDirectory(cacheDirectory), async (part) => part.remove());
  const { directory, dataDirectory } = place;
  const credentials = { github: canary('git'), claude: canary('model') };
  const gatekeeper = keep(await startGatekeeper(), close);
  const effects = keep(await startEffectCounter(), close);
  const model = keep(await startScriptedModel({ credential: credentials.claude }), close);
  const git = keep(await openGit(join(directory, 'git'), credentials.github), close);
  const environment = cleanEnvironment();
  const modal = keep(
    await openModal({ cacheDirectory, dataDirectory: directory, logDirectory: directory, environment, log }),
    async (part) => part.stop(),
  );
  const { serverUrl, emulator } = modal;
  if (serverUrl === undefined || emulator === null) throw new TypeError('faults strike Local Modal only');
  const temporal = keep(await openTemporal(options, directory), async (part) => part.stop());
  const connection = keep(await Connection.connect({ address: temporal.address }), close);
  const taskQueue = `chaos-${randomBytes(4).toString('hex')}`;
  const workers = keep(
    new WorkerPool({
      program: options.workerProgram,
      logDirectory: directory,
      environment: {
        ...environment,
        ...temporalVariables(temporal),
        ...modalVariables(modal),
        ...bundleVariables(options),
        HARVEST_DATA_DIR: dataDirectory,
        HARVEST_TASK_QUEUE: taskQueue,
        HARVEST_MODEL_URL: model.url,
        CHAOS_GATE: gatekeeper.url,
      },
    }),
    async (part) => part.stopAll(),
  );
  const running = started.move();
  return {
    directory,
    dataDirectory,
    containersDirectory: join(directory, 'modal', 'containers'),
    baseLayers: await entriesOf(join(directory, 'modal', 'layers')),
    temporal,
    client: new Client({ connection, namespace: temporal.namespace }),
    modal: { url: serverUrl, strike: async (fault) => strike(emulator.controlUrl, fault) },
    model,
    git,
    effects,
    gatekeeper,
    workers,
    credentials,
    taskQueue,
    close: async () => running.disposeAsync(),
  };
}

async function close(part: { close(): Promise<unknown> }): Promise<void> {
  await part.close();
}

async function entriesOf(folder: string): Promise<Set<string>> {
  return new Set((await readdir(folder)).map((name) => join(folder, name)));
}

async function openGit(directory: string, token: string): Promise<Lane['git']> {
  await mkdir(directory);
  const git = await startGitServer({ directory, token });
  await createDemoRepository({ directory, name: templateRepository });
  return { ...git, directory };
}

function temporalVariables({ address, namespace }: TemporalServer): Record<string, string> {
  return { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
}

function modalVariables({ serverUrl, credentials }: StackModal): Record<string, string | undefined> {
  const { tokenId, tokenSecret } = credentials;
  return { MODAL_SERVER_URL: serverUrl, MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret };
}

/** What workers find done already: a killed one is to be replaced soon. */
function bundleVariables({ workflowBundle }: LaneOptions): Record<string, string> {
  return {
    HARVEST_WORKFLOW_BUNDLE: workflowBundle,
    NODE_COMPILE_CACHE: join(dirname(workflowBundle), 'compiled'),
  };
}

/** Unlike any token's shape: only the redaction of the session's own values catches it. */
function canary(what: string): string {
  return `canary ${what} ${randomBytes(12).toString('hex')}`.replaceAll(' ', '-');
}

/** Whatever server, cloud or credential the environment names, a lane has its own. */
function cleanEnvironment(): Record<string, string | undefined> {
  const others = Object.entries(process.env).filter(
    ([name]) => !/^(TEMPORAL|MODAL|HARVEST|ANTHROPIC|CLAUDE)/.test(name),
  );
  return Object.fromEntries(others);
}

async function openTemporal(options: LaneOptions, directory: string): Promise<TemporalServer> {
  const { cacheDirectory, historyEvents, log } = options;
  const environment = cleanEnvironment();
  return startTemporalServer({
    binary: await acquireTemporalBinary({ cacheDirectory, environment, log }),
    databaseFile: join(directory, 'temporal.db'),
    logFile: join(directory, 'temporal.log'),
    environment,
    ...(historyEvents === undefined
      ? {}
      : { dynamicConfiguration: { 'limit.historyCount.suggestContinueAsNew': String(historyEvents) } }),
    log,
  });
}

async function strike(controlUrl: string, fault: Record<string, unknown>): Promise<void> {
  const answer = await fetch(`${controlUrl}/faults`, { method: 'POST', body: JSON.stringify(fault) });
  if (!answer.ok) throw new Error(`Local Modal refused the fault: ${await answer.text()}`);
}
