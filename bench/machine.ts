/** What the figures were taken on. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Client } from '@temporalio/client';
import { packagePins } from '../src/images/pins.ts';

export type Machine = {
  facts: Readonly<Record<string, string>>;
  /** Other work was running when the measuring began. */
  busy: boolean;
};

const quietLoad = 1.5;

export async function describeMachine(temporal: Client): Promise<Machine> {
  const info = await temporal.workflowService.getSystemInfo({});
  const [load = 0] = loadavg();
  const facts = {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    processor: `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    kernel: `${type()} ${release()}`,
    Node: process.versions.node,
    'Temporal server': info.serverVersion,
    'Agent SDK': packagePins.agentSdk,
    Modal: 'local emulator',
    'load average at the beginning': load.toFixed(1),
  };
  return { facts, busy: load > quietLoad };
}
