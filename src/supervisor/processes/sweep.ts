/**
 * Ends processes of the agent user for sure. The agent's CLI and the tools it runs outlive a killed supervisor, and tools
 * have sessions of their own: neither a process group nor a parent finds them all. What is looked for is in `/proc`: the
 * user id, the run named in the environment, and descent. Waits until they are gone, not only signalled.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../settings.ts';
import { runVariable } from './run-name.ts';

type Process = { pid: number; parent: number; uids: number[]; state: string };

const sweepSeconds = 10;

/** Every process of the agent user: in a sandbox all are ours. Elsewhere, those that carry the name of any of our runs. */
export async function endEveryRun(settings: Settings, runPrefix: string): Promise<void> {
  const isOurs = settings.exclusiveAgentUser
    ? () => true
    : (process: Process) => runOf(process.pid)?.startsWith(runPrefix) === true;
  await sweep(settings, (processes) => processes.filter((process) => isOurs(process)));
}

/** The processes of one run: `root`, what descends from it, and what carries its name. */
export async function endRun(settings: Settings, run: { name: string; root?: number }): Promise<void> {
  const known = new Set(run.root === undefined ? [] : [run.root]);
  await sweep(settings, (processes) => {
    // Children of a process that ended belong to init: what was once seen to descend from the root stays known.
    for (let before = -1; before !== known.size;) {
      before = known.size;
      for (const { pid, parent } of processes) if (known.has(parent)) known.add(pid);
    }
    return processes.filter(({ pid }) => known.has(pid) || runOf(pid) === run.name);
  });
}

async function sweep(settings: Settings, select: (processes: Process[]) => Process[]): Promise<void> {
  const deadline = performance.now() + sweepSeconds * 1_000;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    const found = select(processesOf(settings.agentUid));
    if (found.length === 0) return;
    for (const { pid } of found) kill(pid);
    if (performance.now() > deadline) {
      throw new Error(`processes ${found.map(({ pid }) => pid).join(', ')} of the agent user do not end`);
    }
    await delay(pauseMs);
  }
}

/** Living processes of that user; one that ended and waits to be reaped is not living. */
function processesOf(uid: number): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? [])
    .filter((process) => process.uids.includes(uid) && process.state !== 'Z' && process.state !== 'X');
}

function readProcess(pid: number): Process | undefined {
  const status = readProc(pid, 'status');
  if (status === undefined) return undefined;
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  return {
    pid,
    parent: Number(field('PPid')),
    uids: field('Uid').split(/\s+/).map(Number),
    state: field('State').slice(0, 1),
  };
}

function runOf(pid: number): string | undefined {
  const prefix = `${runVariable}=`;
  const variables = readProc(pid, 'environ')?.split('\0') ?? [];
  return variables.find((variable) => variable.startsWith(prefix))?.slice(prefix.length);
}

/** Undefined when the process is gone. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
