/** Turns whose agent, supervisor or sandbox is lost (I2, I4). */
import { ended } from '../../workflows/support/scripted-activities.ts';
import { untilInterrupted } from '../support/held-turns.ts';
import type { Scenarios, SessionScenario } from '../support/scenario.ts';

const lost = (started: boolean) => ({ kind: 'sandbox-lost', cause: 'it was terminated', started }) as const;

async function oneTurnAndTheNext(caller: Parameters<SessionScenario['story']>[0]): Promise<void> {
  await caller.prompt('p1');
  await caller.prompt('p2');
  await caller.turnEnds('p2');
}

export const losses: Scenarios = {
  'turn-continued': () => ({
    shows: 'a turn that goes on after its agent and after its supervisor died',
    activities: {
      turn: (input) =>
        input.turnId === 'p1' && input.continuation < 2
          ? {
              kind: 'agent-lost',
              cause: input.continuation === 0 ? 'agent-died' : 'supervisor-died',
              losses: input.continuation + 1,
              message: 'SIGKILL',
            }
          : ended(input),
    },
    story: oneTurnAndTheNext,
  }),
  'turn-continued-too-often': () => ({
    shows: 'a turn that fails because its agent dies each time',
    activities: {
      turn: (input) =>
        input.turnId === 'p1'
          ? { kind: 'agent-lost', cause: 'agent-died', losses: input.continuation + 1, message: 'SIGSEGV' }
          : ended(input),
    },
    story: oneTurnAndTheNext,
  }),
  'turn-silent': () => ({
    shows: 'a turn that goes on in a fresh process after its agent fell silent',
    activities: {
      turn: (input) =>
        input.turnId === 'p1' && input.continuation === 0
          ? { kind: 'agent-silent', quietSeconds: 300 }
          : ended(input),
    },
    story: oneTurnAndTheNext,
  }),
  'turn-restarted': () => ({
    shows: 'a turn that runs again in the sandbox that replaces the lost one',
    activities: {
      turn: (input) => (input.turnId === 'p2' && input.generation === 1 ? lost(true) : ended(input)),
    },
    story: oneTurnAndTheNext,
  }),
  'turn-restarted-too-often': () => ({
    shows: 'a turn that fails because its sandbox is lost each time',
    activities: { turn: (input) => (input.turnId === 'p1' ? lost(true) : ended(input)) },
    story: oneTurnAndTheNext,
  }),
  'false-start': () => ({
    shows: 'a turn whose sandbox was lost before anything of it ran',
    activities: {
      turn: (input) => (input.turnId === 'p1' && input.generation === 1 ? lost(false) : ended(input)),
    },
    story: oneTurnAndTheNext,
  }),
  'interrupted-and-lost': () => ({
    shows: 'a turn whose sandbox is lost while it is interrupted: it does not run again',
    activities: untilInterrupted({
      report: (input) => (input.turnId === 'p1' ? lost(true) : ended(input)),
    }),
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.runs('p1');
      await caller.interrupt();
      await caller.turnEnds('p1');
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
};
