import { agentFaults } from './agent.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network.ts';
import { processFaults } from './processes.ts';
import { specialFaults } from './special.ts';
import { storeFaults } from './store.ts';

/** In the order of the table. */
export const allFaults: readonly Fault[] = [
  ...processFaults,
  ...specialFaults,
  ...agentFaults,
  ...networkFaults,
  ...storeFaults,
];
