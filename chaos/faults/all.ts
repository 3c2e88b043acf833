import { agentFaults } from './agent.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network.ts';
import { processFaults } from './processes.ts';
import { composedFaults } from './composed.ts';
import { storeFaults } from './store.ts';

/** In the order of the table. */
export const allFaults: readonly Fault[] = [
  ...processFaults,
  ...composedFaults,
  ...agentFaults,
  ...networkFaults,
  ...storeFaults,
];
