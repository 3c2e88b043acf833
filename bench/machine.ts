/** What the figures were taken on. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Client } from '@temporalio/client';
import { packagePins } from '../src/images/pins.ts';

export type Machine = Readonly<Record<string, string>>;

export async function describeMachine(temporal: Client): Promise<Machine> {
  const info = await temporal.workflowService.getSystemInfo({});
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    processor: `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    kernel: `${type()} ${release()}`,
    Node: process.versions.node,
    'Temporal server': info.serverVersion,
    'Agent SDK': packagePins.agentSdk,
    Modal: 'local emulator',
    'load average before the run': loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
  };
}
