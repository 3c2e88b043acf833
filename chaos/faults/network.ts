/** Faults between the worker and Modal, and between the agent and its model. */
import { always } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Lane } from '../lane/lane.ts';

/** Calls that a burst refuses: a handful of a step's. */
const burst = 5;
const retryAfterSeconds = 1;

/** A fault of the network: nobody may notice. */
function network(name: string, what: string, strike: (lane: Lane) => Promise<void> | void): Fault {
  return {
    name,
    what,
    consequence: 'nothing',
    breadth: 'every-state',
    hasVictim: always,
    strike: async ({ lane }) => {
      await strike(lane);
      return true;
    },
  };
}

export const networkFaults: readonly Fault[] = [
  network('connection-cut', 'every connection to Modal cut', async ({ modal }) => {
    await modal.strike({ fault: 'cutControlPlaneConnections' });
    await modal.strike({ fault: 'cutRouterConnections' });
  }),
  network('unavailable-burst', `${burst} calls to Modal UNAVAILABLE`, async ({ modal }) =>
    modal.strike({ fault: 'fail', rpc: '*', times: burst }),
  ),
  network('throttling', `${burst} calls to Modal RESOURCE_EXHAUSTED`, async ({ modal }) =>
    modal.strike({ fault: 'throttle', rpc: '*', times: burst, retryAfterSeconds }),
  ),
  network('router-token-expired', 'every router token expired', async ({ modal }) =>
    modal.strike({ fault: 'expireRouterTokens' }),
  ),
  network('model-429', 'the model answers 429, twice', ({ model }) => model.faults.failNext(2, 429)),
  network('model-529', 'the model answers 529, twice', ({ model }) => model.faults.failNext(2, 529)),
  network('model-500', 'the model answers 500, twice', ({ model }) => model.faults.failNext(2, 500)),
  network('model-cut', "the model's stream is cut, once", ({ model }) => model.faults.cutNext(1)),
];
