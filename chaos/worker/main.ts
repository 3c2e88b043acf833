/**
 * The product's own worker, with one interceptor around its activities: it announces their start and end to the harness
 * and waits for its answer. `CHAOS_GATE` names the address. `NODE_COMPILE_CACHE` is written early, for the worker that comes
 * when this one was killed.
 */
import { flushCompileCache } from 'node:module';
import type { Info } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { announce } from './announce.ts';
import { runWorker } from '../../src/worker-run.ts';

const gate = process.env['CHAOS_GATE'] ?? '';

flushCompileCache();
await runWorker({
  interceptors: {
    activity: [
      ({ info }) => ({
        inbound: {
          execute: async (input, next) => {
            const attempt = { id: idOf(info), activity: info.activityType };
            await announce(gate, { ...attempt, moment: 'start' });
            try {
              return await next(input);
            } finally {
              await announce(gate, { ...attempt, moment: 'end' });
            }
          },
        } satisfies ActivityInboundCallsInterceptor,
      }),
    ],
  },
});

/** Of the activity, whatever its attempt. */
function idOf({ workflowExecution, isLocal, activityId }: Info): string {
  return [workflowExecution?.runId, isLocal ? 'local' : 'remote', activityId].join('/');
}
