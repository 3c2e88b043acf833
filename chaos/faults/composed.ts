/** Faults of several blows, each a short story. */
import { setTimeout as sleep } from 'node:timers/promises';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import { planPrompt } from '../scenario/play.ts';
import type { Play } from '../scenario/play.ts';
import { signalPrompt } from '../scenario/flood.ts';
import { always } from './fault.ts';
import type { Fault } from './fault.ts';

const patienceMs = 3_000;

export const composedFaults: readonly Fault[] = [
  {
    name: 'task-kill',
    what: 'worker killed inside a workflow task',
    consequence: 'nothing',
    breadth: 'every-step',
    hasVictim: always,
    // Stopped, it is given the task that the step's request makes, and never answers it.
    strike: async ({ lane }) => {
      lane.workers.signalAll('SIGSTOP');
      return true;
    },
    heal: async ({ lane, play }) => {
      await untilTaskStarted(play);
      await lane.workers.killAll();
      await lane.workers.ensureOne();
    },
  },
  {
    name: 'signal-while-down',
    what: 'a prompt by signal while no worker runs and the server restarts',
    consequence: 'nothing',
    breadth: 'every-step',
    alone: true,
    // The turn must have its time before the session ends.
    hasVictim: ({ state, step }) => /^(?:idle|paused)/.test(state) && step !== 'look' && step !== 'terminate',
    strike: async ({ lane, play }) => {
      await lane.workers.killAll();
      const id = 'by-signal';
      const script = (command: (effect: string) => string) => [`!bash ${command(id)}`];
      await signalPrompt(play, { id, text: planPrompt(play, id, { script, effects: [id] }) });
      await lane.temporal.kill();
      return true;
    },
    heal: async ({ lane, play }) => {
      await lane.temporal.restart();
      await lane.workers.ensureOne();
      for await (const { type, turnId } of play.session.events())
        if (type === 'turn.completed' && turnId === 'by-signal') return;
    },
  },
];

/** Started: a worker has it. Update tasks are not always shown: the time is waited for then. */
async function untilTaskStarted({ lane, run }: Play): Promise<void> {
  const handle = lane.client.workflow.getHandle(workflowIdOf(run));
  for (const deadlineMs = Date.now() + patienceMs; Date.now() < deadlineMs; await sleep(50)) {
    const described = await handle.describe().catch(() => null);
    const startedAt = described?.raw.pendingWorkflowTask?.startedTime ?? null;
    if (startedAt !== null) return;
  }
}
