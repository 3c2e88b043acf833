/** Code that is run once. */
import { Context } from '@temporalio/activity';
import type { CodeReport } from '../../../src/activities/types.ts';
import { failureTypes } from '../../../src/contracts/failures.ts';
import { fail } from '../../workflows/support/scripted-activities.ts';
import type { Scenarios } from '../support/scenario.ts';

const execution = { language: 'python', code: 'print(1)' } as const;

const done: CodeReport = {
  kind: 'ended',
  outcome: { status: 'exited', exitCode: 0 },
  durationMs: 5,
  stdout: '1\n',
  stderr: '',
};

export const executions: Scenarios = {
  execution: () => ({
    shows: 'code that ends, and its sandbox after it',
    execution,
    code: async () => done,
  }),
  'execution-lost-before': () => {
    let tries = 0;
    return {
      shows: 'sandboxes that are lost before the code begins: while they start, and after',
      execution,
      activities: {
        start: (generation) => {
          if (generation === 1) fail(failureTypes.sandboxLost, 'gone');
        },
      },
      code: async () => {
        tries += 1;
        return tries === 1 ? { kind: 'not-run', cause: 'gone again' } : done;
      },
    };
  },
  'execution-without-sandbox': () => ({
    shows: 'no sandbox can be had: the execution fails',
    execution,
    activities: { create: () => fail(failureTypes.providerRefused, 'no credit') },
    code: async () => done,
  }),
  'execution-cancelled': () => {
    const { promise: running, resolve: begin } = Promise.withResolvers<void>();
    return {
      shows: 'a cancelled execution still ends its sandbox',
      execution,
      cancelled: running,
      code: async () => {
        begin();
        for (;;) {
          Context.current().heartbeat();
          await Context.current().sleep(200);
        }
      },
    };
  },
};
