/**
 * The Temporal development server as a child process on a database file. It can be killed and started again on the same
 * database and ports, which is what a crash of the server looks like to everyone else.
 */
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import {
  childEnd,
  describeEnd,
  signalGroup,
  spawnGuarded,
  stopChild,
  type Environment,
} from '../processes/guarded-child.ts';
import type { TemporalBinary } from './acquire.ts';
import { TemporalStartFailed } from './errors.ts';
import { freePorts, requireFree } from './ports.ts';
import { waitUntilReady } from './readiness.ts';
import { searchAttributeFlags } from './search-attributes.ts';

const host = '127.0.0.1';
const startAttempts = 3;
const stopGraceMs = 5_000;

/** Shortens steps of a development server that exist to spare a shared database; nothing relies on them for correctness. */
const quickSteps = {
  'history.timerProcessorMaxTimeShift': '"10ms"',
  'history.transferProcessorMaxPollRPS': '1000',
  'history.timerProcessorMaxPollRPS': '1000',
} as const;

/**
 * The server waits for the disk several times in every step otherwise. What was committed survives the death of the server,
 * not that of the machine: then the last steps may be gone, and the file is whole.
 */
const quickDatabase = ['journal_mode=WAL', 'synchronous=NORMAL'] as const;

export type TemporalServerOptions = {
  binary: Pick<TemporalBinary, 'path'>;
  databaseFile: string;
  logFile: string;
  environment: Environment;
  /** A free one by default. Throws `PortTaken` when it is in use. */
  port?: number;
  uiPort?: number;
  namespace?: string;
  /** Without the shortened steps: the development server as everybody has it. */
  stock?: true;
  /** More of the server's dynamic configuration, values as JSON; for tests of limits. */
  dynamicConfiguration?: Readonly<Record<string, string>>;
  log: (line: string) => void;
};

export type TemporalServer = {
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  readonly logFile: string;
  /** Ends it gracefully. */
  stop(): Promise<void>;
  /** SIGKILL; for tests of a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same database and ports, after `kill` or `stop`; returns when it is ready. */
  restart(): Promise<void>;
};

type Ports = { grpc: number; ui: number };

/** Returns when the server answers and knows the namespace and the search attributes. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const namespace = options.namespace ?? 'default';
  await mkdir(dirname(options.databaseFile), { recursive: true });
  await mkdir(dirname(options.logFile), { recursive: true });
  const { ports, child } = await launchOnFreePorts(options, namespace);
  let current = child;
  let wanted = true;
  const watch = (started: ChildProcess) => {
    void childEnd(started).then((end) => {
      if (wanted && current === started) {
        options.log(`the Temporal server ended by itself (${describeEnd(end)}); its log: ${options.logFile}`);
      }
    });
  };
  watch(child);
  return {
    address: `${host}:${ports.grpc}`,
    uiUrl: `http://${host}:${ports.ui}`,
    namespace,
    logFile: options.logFile,
    stop: async () => {
      wanted = false;
      await stopChild(current, stopGraceMs);
    },
    kill: async () => {
      wanted = false;
      const ended = childEnd(current);
      signalGroup(current, 'SIGKILL');
      await ended;
    },
    restart: async () => {
      current = await launch(options, { namespace, ports });
      wanted = true;
      watch(current);
    },
  };
}

async function launchOnFreePorts(
  options: TemporalServerOptions,
  namespace: string,
): Promise<{ ports: Ports; child: ChildProcess }> {
  const { port, uiPort } = options;
  for (const requested of [port, uiPort]) if (requested !== undefined) await requireFree(requested, host);
  for (let attempt = 1; ; attempt += 1) {
    const [grpc = 0, ui = 0] = await freePorts(2, host);
    const ports = { grpc: port ?? grpc, ui: uiPort ?? ui };
    try {
      return { ports, child: await launch(options, { namespace, ports }) };
    } catch (error) {
      const clash = error instanceof TemporalStartFailed && /address already in use/i.test(error.log);
      if (!clash || attempt === startAttempts) throw error;
      options.log('another program took a port of the Temporal server; trying others');
    }
  }
}

async function launch(
  options: TemporalServerOptions,
  { namespace, ports }: { namespace: string; ports: Ports },
): Promise<ChildProcess> {
  const output = await open(options.logFile, 'a');
  const logStart = (await output.stat()).size;
  const child = spawnGuarded({
    argv: [options.binary.path, ...serverArguments(options, { namespace, ports })],
    environment: withoutClientSettings(options.environment),
    stdio: ['ignore', output.fd, output.fd],
  });
  const stopWaiting = new AbortController();
  const ended = childEnd(child).then((end) => `it ended at once (${describeEnd(end)})`);
  const ready = waitUntilReady({ address: `${host}:${ports.grpc}`, namespace, signal: stopWaiting.signal });
  try {
    await output.close();
    const failure = await Promise.race([ready, ended]);
    if (failure === null) return child;
    await stopChild(child, 0);
    throw new TemporalStartFailed(
      `the Temporal server did not start: ${failure}`,
      await logTail(options.logFile, logStart),
    );
  } finally {
    stopWaiting.abort();
  }
}

function serverArguments(
  { databaseFile, dynamicConfiguration, stock }: TemporalServerOptions,
  { namespace, ports }: { namespace: string; ports: Ports },
): string[] {
  const dynamic = { ...(stock === true ? {} : quickSteps), ...dynamicConfiguration };
  const flags = {
    ip: host,
    port: ports.grpc,
    'ui-port': ports.ui,
    'db-filename': databaseFile,
    namespace,
    'log-level': 'warn',
  };
  return [
    'server',
    'start-dev',
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...searchAttributeFlags(),
    ...(stock === true ? [] : quickDatabase.flatMap((pragma) => ['--sqlite-pragma', pragma])),
    ...Object.entries(dynamic).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ];
}

/** The CLI also reads TEMPORAL_ variables; they are meant for clients of another server. */
function withoutClientSettings(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

async function logTail(path: string, start: number): Promise<string> {
  const text = (await readFile(path)).subarray(start).toString();
  return text.trimEnd().split('\n').slice(-10).join('\n');
}
