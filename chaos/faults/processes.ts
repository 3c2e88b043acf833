/** Faults of the processes outside the sandbox: workers and the Temporal server; and the sandbox as a whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runningContainers } from '../lane/containers.ts';
import { always, whileSandboxLives } from './fault.ts';
import type { Fault } from './fault.ts';

/** Between a kill of the server and its restart. */
const outageMs = 300;

export const processFaults: readonly Fault[] = [
  {
    name: 'worker-kill',
    what: 'worker SIGKILL, a new one started',
    consequence: 'nothing',
    breadth: 'every-point',
    hasVictim: always,
    strike: async ({ lane }) => {
      await lane.workers.killAll();
      return true;
    },
    heal: async ({ lane }) => lane.workers.ensureOne(),
  },
  {
    name: 'temporal-kill',
    what: 'Temporal server SIGKILL and restart',
    consequence: 'nothing',
    breadth: 'every-point',
    hasVictim: always,
    strike: async ({ lane }) => {
      await lane.temporal.kill();
      return true;
    },
    heal: async ({ lane }) => {
      await sleep(outageMs);
      await lane.temporal.restart();
    },
  },
  {
    name: 'sandbox-kill',
    what: 'sandbox killed',
    consequence: 'restart',
    breadth: 'every-point',
    hasVictim: whileSandboxLives,
    strike: async ({ lane }) => {
      const running = runningContainers(lane.containersDirectory);
      // As a machine of Modal's that fails: nobody asked for it.
      for (const { init } of running) process.kill(init, 'SIGKILL');
      return running.length > 0;
    },
  },
  {
    name: 'worker-stop',
    what: 'worker SIGTERM with a second worker present',
    consequence: 'nothing',
    breadth: 'every-state',
    hasVictim: always,
    alone: true,
    prepare: async ({ lane }) => lane.workers.start(),
    strike: async ({ lane }) => {
      // What reached the point waits in the worker that is to end: not for its end.
      void lane.workers.stopOldest();
      return true;
    },
  },
];
