/** A scenario, the server it is played on, and the faults that strike it. */
import { allFaults } from './faults/all.ts';
import type { Fault } from './faults/fault.ts';
import { flood } from './scenario/flood.ts';
import { scenario } from './scenario/steps.ts';
import type { Step } from './scenario/steps.ts';

export type Setting = {
  name: string;
  /** For the table. */
  what: string;
  steps: readonly Step[];
  /** Temporal suggests continue-as-new after so many events. */
  historyEvents?: number;
  faults: readonly Fault[];
};

/** About every third turn. */
const historyEvents = 60;

const inContinueAsNew = allFaults
  .filter(({ name }) => name === 'worker-kill' || name === 'temporal-kill')
  .map((fault) => ({
    ...fault,
    name: `${fault.name}-in-continue-as-new`,
    what: `${fault.what}, while messages arrive during continue-as-new`,
    breadth: 'every-continuation' as const,
  }));

export const settings: readonly Setting[] = [
  { name: 'scenario', what: 'the scenario', steps: scenario, faults: allFaults },
  {
    name: 'flood',
    what: 'messages during continue-as-new',
    steps: flood,
    historyEvents,
    faults: inContinueAsNew,
  },
];
